// A number of places for work that must not take every worker.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace baton::server::native {

// Thread-safe. Must outlive the places that it gave.
class Places {
public:
    explicit Places(std::size_t count) : free_(count) {}

    struct GiveBack {
        void operator()(Places* places) const { places->free_.fetch_add(1); }
    };
    using Place = std::unique_ptr<Places, GiveBack>;

    // Null when none is free. Never waits.
    Place take() {
        std::size_t free = free_.load();
        while (free > 0 && !free_.compare_exchange_weak(free, free - 1)) {
        }
        return Place(free > 0 ? this : nullptr);
    }

private:
    std::atomic<std::size_t> free_;
};

}  // namespace baton::server::native
