// A bound on what the requests of a server hold in memory together.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace baton::server {

// Bytes that requests hold in memory together. Thread-safe.
class MemoryBudget {
public:
    explicit MemoryBudget(std::uint64_t limit) : limit_(limit) {}

    std::uint64_t limit() const { return limit_; }

    bool take(std::uint64_t bytes) {
        if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= limit_) return true;
        give_back(bytes);
        return false;
    }
    void give_back(std::uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

private:
    const std::uint64_t limit_;
    std::atomic<std::uint64_t> used_ = 0;
};

// What one request holds of the budget. Not thread-safe.
class Reservation {
public:
    explicit Reservation(MemoryBudget& budget) : budget_(budget) {}
    ~Reservation() { release(); }
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;

    // Makes it at least `bytes` in all; false, and unchanged, when the budget has no more.
    bool raise_to(std::uint64_t bytes) {
        if (bytes <= held_) return true;
        if (!budget_.take(bytes - held_)) return false;
        held_ = bytes;
        return true;
    }
    void release() {
        if (held_ > 0) budget_.give_back(std::exchange(held_, 0));
    }

private:
    MemoryBudget& budget_;
    std::uint64_t held_ = 0;
};

}  // namespace baton::server
