#include "server/transport/worker_pool.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/log/log.h"

namespace baton::server {

namespace {

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

// A bug in one task must not end the server. Whoever waits for its answer gets one when the task's Responder is
// dropped.
void run_guarded(const WorkerPool::Task& task) {
    try {
        task();
    } catch (const std::exception& error) {
        log_failure(std::string("a task of the worker pool failed: ") + error.what());
    }
}

struct LaneState {
    std::deque<WorkerPool::Task> tasks;
    std::size_t running = 0;
    bool has_turn = false;  // is among the turns
};

}  // namespace

struct WorkerPool::Impl {
    Impl(std::size_t workers, std::size_t limit)
        : queue_limit(limit),
          most_running(std::max<std::size_t>(1, workers / 2)),
          most_waiting(std::max<std::size_t>(1, limit / 2)) {}

    bool enqueue(Task task, Lane name, bool limited) {
        const std::lock_guard lock(mutex);
        LaneState& lane = lanes[name];
        const bool full = limited && (queued >= queue_limit || (name != no_lane && lane.tasks.size() >= most_waiting));
        if (stopping || full) {
            forget_if_idle(name, lane);
            return false;
        }
        lane.tasks.push_back(std::move(task));
        ++queued;
        give_turn(name, lane);
        return true;
    }

    void work() {
        std::unique_lock lock(mutex);
        for (;;) {
            changed.wait(lock, [this] { return !turns.empty() || (stopping && queued == 0); });
            if (turns.empty()) return;
            const Lane name = turns.front();
            turns.pop_front();
            LaneState& lane = lanes.at(name);
            lane.has_turn = false;
            Task task = std::move(lane.tasks.front());
            lane.tasks.pop_front();
            ++lane.running;
            --queued;
            give_turn(name, lane);
            lock.unlock();
            run_guarded(task);
            task = nullptr;  // what it held is freed outside the lock
            lock.lock();
            --lane.running;
            give_turn(name, lane);
            forget_if_idle(name, lane);
            if (stopping && queued == 0) changed.notify_all();
        }
    }

    void give_turn(Lane name, LaneState& lane) {
        const std::size_t most = name == no_lane ? unlimited : most_running;
        if (lane.has_turn || lane.tasks.empty() || lane.running >= most) return;
        lane.has_turn = true;
        turns.push_back(name);
        changed.notify_one();
    }

    void forget_if_idle(Lane name, const LaneState& lane) {
        if (lane.tasks.empty() && lane.running == 0) lanes.erase(name);
    }

    const std::size_t queue_limit;
    const std::size_t most_running;  // of one lane
    const std::size_t most_waiting;  // of one lane
    mutable std::mutex mutex;
    std::condition_variable changed;
    // Guarded by mutex:
    std::unordered_map<Lane, LaneState> lanes;
    std::deque<Lane> turns;  // lanes of which a task can be run, the one that waits longest first
    std::size_t queued = 0;
    bool stopping = false;
    std::vector<std::jthread> threads;
};

WorkerPool::WorkerPool(std::size_t threads, std::size_t queue_limit)
    : impl_(std::make_unique<Impl>(threads, queue_limit)) {
    for (std::size_t i = 0; i < threads; ++i) impl_->threads.emplace_back([impl = impl_.get()] { impl->work(); });
}

WorkerPool::~WorkerPool() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
    }
    impl_->changed.notify_all();
    impl_->threads.clear();
}

bool WorkerPool::submit(Task task, Lane lane) { return impl_->enqueue(std::move(task), lane, true); }

bool WorkerPool::submit_step(Task task, Lane lane) { return impl_->enqueue(std::move(task), lane, false); }

std::size_t WorkerPool::queued() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->queued;
}

}  // namespace baton::server
