#include "inference/shadow.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "inference/background.h"

namespace baton::inference {
namespace {

constexpr int niceness = 10;

struct Offered {
    std::vector<Tensor> inputs;
    std::vector<Tensor> outputs;
    std::size_t bytes = 0;
};

void add(std::vector<OutputDifference>& sums, const OutputDifference& difference) {
    auto sum = std::ranges::find(sums, difference.name, &OutputDifference::name);
    if (sum == sums.end()) {
        sums.push_back(difference);
        return;
    }
    sum->elements += difference.elements;
    sum->differing += difference.differing;
    sum->largest = std::max(sum->largest, difference.largest);
    sum->sum += difference.sum;
}

}  // namespace

struct Shadow::Impl {
    Impl(ServedVersionPtr version, Limits the_limits) : candidate(std::move(version)), limits(the_limits) {}

    void run() {
        lower_priority(niceness);
        std::unique_lock lock(mutex);
        for (;;) {
            wake.wait(lock, [this] { return stopping || !queue.empty(); });
            if (stopping) break;
            Offered offered = std::move(queue.front());
            queue.pop_front();
            bytes -= offered.bytes;
            lock.unlock();
            count(compare(std::move(offered)));
            lock.lock();
        }
        stopped = true;
    }

    Result<Difference> compare(Offered offered) const try {
        const Model& model = *candidate->engine;
        BATON_ASSIGN(const std::vector<Tensor> inputs, arrange_inputs(model.signature(), std::move(offered.inputs)));
        BATON_ASSIGN(const std::vector<Tensor> outputs, model.run(inputs));
        return difference_of(offered.outputs, outputs);
    } catch (const std::exception& problem) {
        return internal_error(problem.what());
    }

    void count(const Result<Difference>& difference) {
        const std::lock_guard lock(sums_mutex);
        if (!difference.ok()) {
            ++sums.failures;
            sums.last_failure = difference.error().message;
            return;
        }
        ++sums.requests;
        sums.rows += difference->rows;
        sums.rows_differing += difference->rows_differing;
        for (const OutputDifference& output : difference->outputs) add(sums.outputs, output);
    }

    const ServedVersionPtr candidate;
    const Limits limits;
    std::atomic<bool> stopped = false;
    std::atomic<std::uint64_t> dropped = 0;

    // Requests take this one: it is held for no longer than a push or a pop.
    mutable std::mutex mutex;
    std::condition_variable wake;
    // Guarded by mutex.
    std::deque<Offered> queue;
    std::size_t bytes = 0;
    bool stopping = false;

    mutable std::mutex sums_mutex;
    ShadowStatistics sums;  // guarded by sums_mutex

    std::thread thread;
};

Shadow::Shadow(ServedVersionPtr candidate, Limits limits)
    : impl_(std::make_unique<Impl>(std::move(candidate), limits)) {
    impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

Shadow::~Shadow() {
    stop();
    impl_->thread.join();
}

const ServedVersionPtr& Shadow::candidate() const { return impl_->candidate; }

void Shadow::offer(std::vector<Tensor> inputs, std::vector<Tensor> outputs) {
    Offered offered{std::move(inputs), std::move(outputs), 0};
    offered.bytes = bytes_of(offered.inputs) + bytes_of(offered.outputs);
    {
        const std::lock_guard lock(impl_->mutex);
        if (impl_->stopping) return;
        if (impl_->queue.size() >= impl_->limits.requests || impl_->bytes + offered.bytes > impl_->limits.bytes) {
            impl_->dropped.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        impl_->bytes += offered.bytes;
        impl_->queue.push_back(std::move(offered));
    }
    impl_->wake.notify_one();
}

void Shadow::stop() {
    std::deque<Offered> forgotten;  // freed outside the lock
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
        forgotten.swap(impl_->queue);
        impl_->bytes = 0;
    }
    impl_->wake.notify_one();
}

bool Shadow::has_stopped() const { return impl_->stopped.load(); }

ShadowStatistics Shadow::statistics() const {
    ShadowStatistics statistics;
    {
        const std::lock_guard lock(impl_->sums_mutex);
        statistics = impl_->sums;
    }
    statistics.dropped = impl_->dropped.load(std::memory_order_relaxed);
    const std::lock_guard lock(impl_->mutex);
    statistics.queued = impl_->queue.size();
    return statistics;
}

}  // namespace baton::inference
