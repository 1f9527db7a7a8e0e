// Stops what takes too long.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace baton::inference::onnxruntime {

// Work that another thread can ask to end soon.
class Stoppable {
public:
    virtual void stop() noexcept = 0;

protected:
    ~Stoppable() = default;
};

// One thread that looks after all work of a program. Thread-safe; to be watched costs a few atomic operations and no
// lock, so every run of a model can be.
class Watchdog {
    struct Place;

public:
    using Clock = std::chrono::steady_clock;

    // `shortest` is the least limit that is kept to the point; a shorter one may be as long as this.
    explicit Watchdog(Clock::duration shortest);
    ~Watchdog();  // nothing may be watched any more
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    // Stops everything, and whatever is watched from now on: for a program that ends.
    void stop_all();
    bool stops_all() const { return stops_all_.load(); }

    // Work that is stopped, once, when it is not at its end within `limit`. The work must outlive the watch.
    class Watch {
    public:
        Watch(Watchdog& watchdog, Stoppable& work, Clock::duration limit);
        ~Watch() { end(); }
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;

        // The work is at its end. True if it was stopped before.
        bool end();

    private:
        Place* place_;
        std::int64_t deadline_;
        bool stopped_ = false;
    };

private:
    Place& claim();
    Clock::time_point stop_overdue(std::int64_t now);
    void watch(const std::stop_token& stop);

    const Clock::duration shortest_;
    std::atomic<bool> stops_all_ = false;
    std::atomic<Place*> places_ = nullptr;  // a list that only grows, to as many as ever were in use at once
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_;  // last: joined before the others go
};

}  // namespace baton::inference::onnxruntime
