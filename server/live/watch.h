// Lets requests wait for a change of the live set without holding a thread each.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace baton::server {

// Thread-safe.
class LiveWatch {
public:
    LiveWatch();
    ~LiveWatch();
    LiveWatch(const LiveWatch&) = delete;
    LiveWatch& operator=(const LiveWatch&) = delete;

    // Calls `then` once, on a thread of the watch, as soon as `ready` answers true or the time is over. `ready` is
    // asked now and after every notify(); both must be quick.
    void when(std::function<bool()> ready, std::chrono::milliseconds at_most, std::function<void()> then);
    void notify();
    // Ends every wait at once and returns when their `then` have run; a later when() calls `then` before it returns.
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace baton::server
