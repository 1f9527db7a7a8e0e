#include "inference/batcher.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

#include "inference/batching.h"

namespace baton::inference {
namespace {

using Clock = std::chrono::steady_clock;
using Requests = std::span<const std::shared_ptr<BatchedRequest>>;

struct Answers {
    std::vector<std::vector<Tensor>> outputs;  // of each request
    std::chrono::nanoseconds engine{0};
};

// Nothing if the requests have to be run one by one.
std::optional<Answers> run_together(Requests requests) try {
    std::vector<std::span<const Tensor>> inputs;
    for (const auto& request : requests) inputs.push_back(request->inputs());
    std::size_t bytes = 0;
    for (const auto& tensors : inputs) bytes += bytes_of(tensors);
    if (!requests.front()->reserve(bytes)) return std::nullopt;
    const std::vector<Tensor> joined = join_rows(inputs);
    const std::size_t rows = shared_rows(joined);

    const ServedVersion& version = requests.front()->version();
    const auto began = Clock::now();
    const auto outputs = version.engine->run(joined);
    Answers answers{.outputs = {}, .engine = Clock::now() - began};
    if (!outputs.ok()) return std::nullopt;
    if (!std::ranges::all_of(*outputs, [&](const Tensor& tensor) { return has_so_many_rows(tensor, rows); })) {
        return std::nullopt;
    }
    std::size_t at = 0;
    for (const auto& tensors : inputs) {
        const std::size_t count = shared_rows(tensors);
        answers.outputs.push_back(take_rows(*outputs, at, count));
        at += count;
    }
    version.counters.add_run(rows);
    return answers;
} catch (const std::exception&) {
    return std::nullopt;  // short of memory, perhaps: a run of each takes less
}

void run_batch(std::vector<std::shared_ptr<BatchedRequest>> requests) {
    std::erase_if(requests, [](const auto& request) { return !request->begin(); });
    std::optional<Answers> answers;
    if (requests.size() > 1) answers = run_together(requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        if (answers) {
            requests[i]->take(std::move(answers->outputs[i]), answers->engine);
        } else {
            requests[i]->run_alone();
        }
        requests[i].reset();
    }
}

std::size_t processors() { return std::max(1U, std::thread::hardware_concurrency()); }

}  // namespace

Batcher::Batcher(const Batching& options)
    : options_{.rows = options.rows,
               .wait = options.wait,
               .queue = options.queue,
               .runs = options.runs == 0 ? processors() : options.runs} {}

bool Batcher::accepts(std::span<const Tensor> inputs) const {
    const std::size_t rows = shared_rows(inputs);
    return rows > 0 && rows < options_.rows;
}

// True if somebody is going to look at what waits.
bool Batcher::ensure_worker(const CallWorker& call_worker) {
    if (!worker_called_ && running_ < options_.runs) worker_called_ = call_worker();
    return worker_called_ || running_ > 0;
}

bool Batcher::add(std::shared_ptr<BatchedRequest> request, const CallWorker& call_worker) {
    const bool waits = options_.wait > options_.wait.zero();
    const auto until = waits ? Clock::now() + std::min(options_.wait, request->patience()) : Clock::time_point();
    const std::size_t rows = shared_rows(request->inputs());
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= options_.queue || !ensure_worker(call_worker)) return false;
        gather_until_ = waiting_.empty() ? until : std::min(gather_until_, until);
        waiting_.push_back(std::move(request));
        waiting_rows_ += rows;
    }
    if (waits) more_came_.notify_one();
    return true;
}

void Batcher::gather(std::unique_lock<std::mutex>& lock) {
    if (options_.wait == options_.wait.zero()) return;
    while (waiting_rows_ < options_.rows && Clock::now() < gather_until_) more_came_.wait_until(lock, gather_until_);
}

// The first that waits, and those behind it that fit, in their order, until one has no room.
Batcher::Requests Batcher::take_batch() {
    Requests batch;
    std::deque<std::shared_ptr<BatchedRequest>> left;
    std::size_t rows = 0;
    while (!waiting_.empty()) {
        auto& next = waiting_.front();
        const std::size_t more = shared_rows(next->inputs());
        if (!batch.empty() && !fit_together(batch.front()->inputs(), next->inputs())) {
            left.push_back(std::move(next));
        } else if (rows + more > options_.rows) {
            break;
        } else {
            batch.push_back(std::move(next));
            rows += more;
        }
        waiting_.pop_front();
    }
    waiting_.insert(waiting_.begin(), std::make_move_iterator(left.begin()), std::make_move_iterator(left.end()));
    waiting_rows_ -= rows;
    return batch;
}

void Batcher::run(const CallWorker& call_worker) {
    std::unique_lock lock(mutex_);
    do {
        gather(lock);
        worker_called_ = false;
        Requests batch = take_batch();
        ++running_;
        if (!waiting_.empty()) ensure_worker(call_worker);
        lock.unlock();
        run_batch(std::move(batch));
        lock.lock();
        --running_;
    } while (!waiting_.empty() && !ensure_worker(call_worker));
}

std::shared_ptr<Batcher> make_batcher(const Model& model, const Batching& options) {
    if (options.rows < 2 || !takes_batches(model)) return nullptr;
    return std::make_shared<Batcher>(options);
}

}  // namespace baton::inference
