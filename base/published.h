// A shared pointer that one writer replaces while readers copy it without ever waiting.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

namespace baton {

// Readers are wait-free: they announce themselves, copy the pointer that is active, and leave. The writer changes the
// pointer that no reader can be copying and waits for the few instructions of those who might (the left-right scheme).
// Not std::atomic<std::shared_ptr>: in the standard library we build with, that is a spin lock whose readers do not
// synchronise with the writer.
template <class T>
class Published {
public:
    explicit Published(std::shared_ptr<T> value = nullptr) : copies_{value, value} {}

    // From any thread.
    std::shared_ptr<T> load() const {
        std::atomic<std::uint64_t>& present = readers_[turn_.load()];
        present.fetch_add(1);
        std::shared_ptr<T> value = copies_[active_.load()];
        present.fetch_sub(1);
        return value;
    }

    // From one thread at a time. Afterwards nothing in here refers to the value before.
    void store(std::shared_ptr<T> value) {
        const std::size_t old = active_.load();
        copies_[1 - old] = value;
        active_.store(1 - old);
        const std::size_t turn = turn_.load();
        wait_for_readers(1 - turn);
        turn_.store(1 - turn);
        wait_for_readers(turn);
        copies_[old] = std::move(value);
    }

private:
    void wait_for_readers(std::size_t turn) const {
        while (readers_[turn].load() != 0) std::this_thread::yield();
    }

    std::array<std::shared_ptr<T>, 2> copies_;
    std::atomic<std::size_t> active_{0};  // the copy that readers take
    std::atomic<std::size_t> turn_{0};    // where arriving readers announce themselves
    mutable std::array<std::atomic<std::uint64_t>, 2> readers_{};
};

}  // namespace baton
