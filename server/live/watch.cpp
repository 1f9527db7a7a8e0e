#include "server/live/watch.h"

#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "server/log/log.h"

namespace baton::server {

using SteadyClock = std::chrono::steady_clock;

namespace {

// What the waiter held is dropped with it when it fails: a Responder among it answers then.
void call_guarded(const std::function<void()>& then) {
    try {
        then();
    } catch (const std::exception& error) {
        log_failure(std::string("what waited for the live set failed: ") + error.what());
    }
}

}  // namespace

struct LiveWatch::Impl {
    struct Waiter {
        std::function<bool()> ready;
        SteadyClock::time_point deadline;
        std::function<void()> then;
    };

    std::mutex mutex;
    std::condition_variable changed;
    std::list<Waiter> waiters;  // guarded by mutex
    bool news = false;          // guarded by mutex
    bool stopping = false;      // guarded by mutex
    std::thread thread;

    // Moves out whoever is done. The predicates run under the mutex: they are quick by contract.
    std::list<Waiter> take_done() {
        std::list<Waiter> done;
        const auto now = SteadyClock::now();
        for (auto waiter = waiters.begin(); waiter != waiters.end();) {
            const auto next = std::next(waiter);
            if (stopping || now >= waiter->deadline || waiter->ready()) done.splice(done.end(), waiters, waiter);
            waiter = next;
        }
        return done;
    }

    void run() {
        std::unique_lock lock(mutex);
        while (true) {
            auto next = SteadyClock::now() + std::chrono::hours(1);
            for (const Waiter& waiter : waiters) next = std::min(next, waiter.deadline);
            changed.wait_until(lock, next, [&] { return news || stopping; });
            news = false;
            std::list<Waiter> done = take_done();
            const bool last = stopping;
            lock.unlock();
            for (Waiter& waiter : done) call_guarded(waiter.then);
            if (last) return;
            lock.lock();
        }
    }
};

LiveWatch::LiveWatch() : impl_(std::make_unique<Impl>()) {
    impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

LiveWatch::~LiveWatch() { stop(); }

void LiveWatch::when(std::function<bool()> ready, std::chrono::milliseconds at_most, std::function<void()> then) {
    {
        const std::lock_guard lock(impl_->mutex);
        if (!impl_->stopping) {
            impl_->waiters.push_back({std::move(ready), SteadyClock::now() + at_most, std::move(then)});
            impl_->news = true;
        }
    }
    if (then) return call_guarded(then);
    impl_->changed.notify_one();
}

void LiveWatch::notify() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->news = true;
    }
    impl_->changed.notify_one();
}

void LiveWatch::stop() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
    }
    impl_->changed.notify_one();
    if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace baton::server
