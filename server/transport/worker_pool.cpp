#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "server/log/log.h"
#include "server/transport/server.h"

namespace baton::server {

namespace {

// A bug in one task must not end the server. Whoever waits for its answer gets one when the task's Responder is
// dropped.
void run_guarded(const std::function<void()>& task) {
    try {
        task();
    } catch (const std::exception& error) {
        log_failure(std::string("a task of the worker pool failed: ") + error.what());
    }
}

}  // namespace

struct WorkerPool::Impl {
    explicit Impl(std::size_t limit) : queue_limit(limit) {}

    bool enqueue(std::function<void()> task, std::size_t limit) {
        {
            const std::lock_guard lock(mutex);
            if (stopping || queue.size() >= limit) return false;
            queue.push_back(std::move(task));
        }
        work_came.notify_one();
        return true;
    }

    void work() {
        std::unique_lock lock(mutex);
        for (;;) {
            work_came.wait(lock, [this] { return stopping || !queue.empty(); });
            if (queue.empty()) return;
            std::function<void()> task = std::move(queue.front());
            queue.pop_front();
            lock.unlock();
            run_guarded(task);
            task = nullptr;  // what it held is freed outside the lock
            lock.lock();
        }
    }

    const std::size_t queue_limit;
    mutable std::mutex mutex;
    std::condition_variable work_came;
    std::deque<std::function<void()>> queue;  // guarded by mutex
    bool stopping = false;                    // guarded by mutex
    std::vector<std::jthread> threads;
};

WorkerPool::WorkerPool(std::size_t threads, std::size_t queue_limit) : impl_(std::make_unique<Impl>(queue_limit)) {
    for (std::size_t i = 0; i < threads; ++i) impl_->threads.emplace_back([impl = impl_.get()] { impl->work(); });
}

WorkerPool::~WorkerPool() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
    }
    impl_->work_came.notify_all();
    impl_->threads.clear();
}

bool WorkerPool::submit(std::function<void()> task) { return impl_->enqueue(std::move(task), impl_->queue_limit); }

bool WorkerPool::submit_step(std::function<void()> task) {
    return impl_->enqueue(std::move(task), static_cast<std::size_t>(-1));
}

std::size_t WorkerPool::queued() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->queue.size();
}

}  // namespace baton::server
