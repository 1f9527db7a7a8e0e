// What all connections of a server share: counts, the memory budget, and the gate that ends their work on the pool.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "server/transport/memory_budget.h"

namespace baton::server {

// Open connections, in all and by peer. Thread-safe.
class ConnectionCounts {
public:
    enum class Verdict { admitted, refused, dropped };

    ConnectionCounts(std::size_t limit, std::size_t limit_per_peer) : limit_(limit), limit_per_peer_(limit_per_peer) {}

    // Counts one more, whatever the verdict. Over a limit a connection is still told so, unless too many are being
    // told.
    Verdict enter(const std::string& peer) {
        const std::lock_guard lock(mutex_);
        const std::size_t of_peer = ++by_peer_[peer];
        ++total_;
        if (total_ <= limit_ && of_peer <= limit_per_peer_) return Verdict::admitted;
        if (total_ <= limit_ + told_at_once && of_peer <= limit_per_peer_ + told_at_once) return Verdict::refused;
        return Verdict::dropped;
    }
    void leave(const std::string& peer) {
        const std::lock_guard lock(mutex_);
        --total_;
        const auto entry = by_peer_.find(peer);
        if (--entry->second == 0) by_peer_.erase(entry);
    }

private:
    static constexpr std::size_t told_at_once = 64;

    const std::size_t limit_;
    const std::size_t limit_per_peer_;
    std::mutex mutex_;
    std::size_t total_ = 0;                                 // guarded by mutex_
    std::unordered_map<std::string, std::size_t> by_peer_;  // guarded by mutex_
};

// Lets a server that ends wait for its handlers on the pool and keeps those from starting that still wait in the queue.
// Thread-safe.
class Gate {
public:
    bool enter() {
        const std::lock_guard lock(mutex_);
        if (closed_) return false;
        ++inside_;
        return true;
    }
    void leave() {
        const std::lock_guard lock(mutex_);
        if (--inside_ == 0) emptied_.notify_all();
    }
    void close() {
        std::unique_lock lock(mutex_);
        closed_ = true;
        emptied_.wait(lock, [this] { return inside_ == 0; });
    }

private:
    std::mutex mutex_;
    std::condition_variable emptied_;
    std::size_t inside_ = 0;  // guarded by mutex_
    bool closed_ = false;     // guarded by mutex_
};

}  // namespace baton::server
