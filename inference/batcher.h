// Requests for one version that gather while they wait, and share runs of its engine.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "inference/live_table.h"
#include "inference/tensor.h"

namespace baton::inference {

// How the requests for a model are run together.
struct Batching {
    std::size_t rows = 0;               // the most in one run; below 2: every request runs by itself
    std::chrono::microseconds wait{0};  // how long a worker waits for more than it finds
    std::size_t queue = 1024;           // requests that wait
    std::size_t runs = 0;               // at the same time; 0: as many as there are processors
};

// A request that may share a run. What is called of it throws nothing, and is called by one thread at a time; inputs()
// and version() stay as they are while it waits.
class BatchedRequest {
public:
    virtual ~BatchedRequest() = default;
    virtual std::span<const Tensor> inputs() const = 0;  // in the order of the signature
    virtual const ServedVersion& version() const = 0;
    // How long it may be kept for others to come, at most.
    virtual std::chrono::microseconds patience() const = 0;

    // Its wait is over. False if it came too late for an answer, and has been told so.
    virtual bool begin() = 0;
    // Memory for a run, of this request and others; false if there is none.
    virtual bool reserve(std::size_t bytes) = 0;
    // One of these, once, answers it: with its rows of a run, which took `engine`, or by a run of its own.
    virtual void take(std::vector<Tensor> outputs, std::chrono::nanoseconds engine) = 0;
    virtual void run_alone() = 0;
};

// A bounded queue of one version's requests. Whoever runs the first of them runs with it those behind it whose rows
// have the same shape. Nobody waits for others to come unless Batching::wait says so. Has no threads: it calls for a
// worker when one is needed. Thread-safe.
class Batcher {
public:
    // Gets a worker to call run(). Called under the batcher's lock; must not block or call back. False: there is none.
    using CallWorker = std::function<bool()>;

    explicit Batcher(const Batching& options);

    const Batching& options() const { return options_; }
    // Whether a request with these inputs gains by joining: its rows leave room for others.
    bool accepts(std::span<const Tensor> inputs) const;
    // accepts() its inputs. False, and nothing of it kept, when the queue is full or there is no worker to run it.
    bool add(std::shared_ptr<BatchedRequest> request, const CallWorker& call_worker);
    // Runs one batch on this thread, and more if nobody else can be called for what waits then. An error of a batch
    // makes each of its requests run by itself, so that one cannot fail another.
    void run(const CallWorker& call_worker);

private:
    using Requests = std::vector<std::shared_ptr<BatchedRequest>>;

    void gather(std::unique_lock<std::mutex>& lock);
    Requests take_batch();
    bool ensure_worker(const CallWorker& call_worker);

    const Batching options_;

    std::mutex mutex_;
    std::condition_variable more_came_;
    // Guarded by mutex_. While something waits, a worker was called and has taken nothing yet, or one is running and
    // looks again when it is done.
    std::deque<std::shared_ptr<BatchedRequest>> waiting_;
    std::size_t waiting_rows_ = 0;
    std::chrono::steady_clock::time_point gather_until_;  // of what waits
    bool worker_called_ = false;
    std::size_t running_ = 0;
};

// Null where batches are not asked for or the model does not take them (takes_batches).
std::shared_ptr<Batcher> make_batcher(const Model& model, const Batching& options);

}  // namespace baton::inference
