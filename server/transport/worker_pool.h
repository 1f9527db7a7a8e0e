// Threads for what may block.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace baton::server {

// A bounded pool of workers with a bounded queue. Thread-safe.
//
// Tasks that may keep each other waiting for long belong to lanes. Lanes take turns, and none has more than half of the
// threads or half of the queue (but one of each), so that a slow one leaves room for the others.
class WorkerPool {
public:
    using Task = std::function<void()>;
    using Lane = const void*;                 // whose address names it
    static constexpr Lane no_lane = nullptr;  // may take all

    WorkerPool(std::size_t threads, std::size_t queue_limit);
    ~WorkerPool();  // runs what is queued, then joins
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    bool submit(Task task, Lane lane = no_lane);  // false when the queue is full or the pool is stopping
    // The next step of work that was accepted before (a file being sent, an upload being taken): the queue limit does
    // not apply, since refusing would break what was begun. Callers have one step at a time each. False when stopping.
    bool submit_step(Task task, Lane lane = no_lane);
    std::size_t queued() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace baton::server
