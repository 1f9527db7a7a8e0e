// What happened to a served version since it was loaded.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/result.h"

namespace baton::inference {

// How values are spread over buckets with upper bounds that the owner knows. Thread-safe without locks; readers see
// each number as it is at some moment, not all of one moment.
template <std::size_t Bounds>
class Histogram {
public:
    using Limits = std::array<std::int64_t, Bounds>;

    void add(const Limits& limits, std::int64_t value) {
        constexpr auto relaxed = std::memory_order_relaxed;
        const auto bucket = std::lower_bound(limits.begin(), limits.end(), value) - limits.begin();
        counts_[static_cast<std::size_t>(bucket)].fetch_add(1, relaxed);
        sum_.fetch_add(value, relaxed);
    }
    std::uint64_t count(std::size_t bucket) const { return counts_.at(bucket).load(std::memory_order_relaxed); }
    std::uint64_t total() const {
        std::uint64_t total = 0;
        for (const auto& count : counts_) total += count.load(std::memory_order_relaxed);
        return total;
    }
    std::int64_t sum() const { return sum_.load(std::memory_order_relaxed); }

private:
    std::array<std::atomic<std::uint64_t>, Bounds + 1> counts_{};  // the last one: above every bound
    std::atomic<std::int64_t> sum_ = 0;
};

// Nanoseconds: 20 us to 10 s, about two and a half times apart.
inline constexpr Histogram<13>::Limits time_limits = {
    20'000,    50'000,     100'000,     250'000,     500'000,       1'000'000,     2'500'000,
    5'000'000, 25'000'000, 100'000'000, 500'000'000, 2'500'000'000, 10'000'000'000};
inline constexpr Histogram<7>::Limits row_limits = {1, 4, 16, 64, 256, 1024, 16384};

// The stages of one request, as far as it came.
struct RequestTimes {
    std::chrono::nanoseconds queue{0};   // waiting for a worker, for others of its batch; none on the event loop
    std::chrono::nanoseconds decode{0};  // bytes to tensors
    std::chrono::nanoseconds engine{0};  // the whole run, though others may have shared it
    std::chrono::nanoseconds encode{0};  // tensors to bytes

    std::chrono::nanoseconds total() const { return queue + decode + engine + encode; }
};

struct Counters {
    static constexpr std::size_t codes = static_cast<std::size_t>(Code::internal) + 1;

    std::atomic<std::uint64_t> requests{0};                    // answered, with success or not
    std::atomic<std::uint64_t> rows{0};                        // of those with success
    std::array<std::atomic<std::uint64_t>, codes> failures{};  // by Code
    std::atomic<std::int64_t> last_request_ms{0};              // Unix time
    Histogram<13> total_time;
    Histogram<13> engine_time;
    std::atomic<std::int64_t> queue_ns{0};
    std::atomic<std::int64_t> decode_ns{0};
    std::atomic<std::int64_t> encode_ns{0};
    Histogram<7> batch_rows;  // of runs of the engine with success

    void add_run(std::size_t rows_run) { batch_rows.add(row_limits, static_cast<std::int64_t>(rows_run)); }
    std::uint64_t runs() const { return batch_rows.total(); }

    void add_success(const RequestTimes& times, std::size_t rows_answered) {
        constexpr auto relaxed = std::memory_order_relaxed;
        rows.fetch_add(rows_answered, relaxed);
        engine_time.add(time_limits, times.engine.count());
        decode_ns.fetch_add(times.decode.count(), relaxed);
        encode_ns.fetch_add(times.encode.count(), relaxed);
        if (times.queue.count() > 0) queue_ns.fetch_add(times.queue.count(), relaxed);
        add_answered(times);
    }
    void add_failure(const RequestTimes& times, Code code) {
        failures.at(static_cast<std::size_t>(code)).fetch_add(1, std::memory_order_relaxed);
        add_answered(times);
    }

    std::uint64_t failed() const {
        std::uint64_t sum = 0;
        for (const auto& count : failures) sum += count.load(std::memory_order_relaxed);
        return sum;
    }

private:
    void add_answered(const RequestTimes& times) {
        requests.fetch_add(1, std::memory_order_relaxed);
        total_time.add(time_limits, times.total().count());
    }
};

}  // namespace baton::inference
