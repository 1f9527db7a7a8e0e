// Compares a candidate with the live version on the requests that the live version has answered.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "inference/difference.h"
#include "inference/live_table.h"
#include "inference/tensor.h"

namespace baton::inference {

// Since the shadow was made.
struct ShadowStatistics {
    std::uint64_t requests = 0;  // answered by the candidate and compared
    std::uint64_t failures = 0;  // requests that it could not answer
    std::uint64_t dropped = 0;   // requests that found the queue full
    std::uint64_t queued = 0;    // now
    std::uint64_t rows = 0;      // compared
    std::uint64_t rows_differing = 0;
    std::vector<OutputDifference> outputs;
    std::string last_failure;
};

// Runs the candidate on a thread of its own behind a bounded queue: what finds it full is dropped and counted, so the
// candidate costs the live version nothing, however slow it is. Thread-safe.
class Shadow {
public:
    struct Limits {
        std::size_t requests = 256;  // that wait
        std::size_t bytes = std::size_t{64} << 20;
    };

    explicit Shadow(ServedVersionPtr candidate) : Shadow(std::move(candidate), Limits()) {}
    Shadow(ServedVersionPtr candidate, Limits limits);
    ~Shadow();  // waits for the comparison that runs: whoever may not wait calls stop() and lets go once has_stopped()
    Shadow(const Shadow&) = delete;
    Shadow& operator=(const Shadow&) = delete;

    const ServedVersionPtr& candidate() const;
    // Tensors in the order of the live version's signature, as it took and gave them. Never waits for the candidate.
    void offer(std::vector<Tensor> inputs, std::vector<Tensor> outputs);
    void stop();  // takes no more and forgets what waits; does not wait
    bool has_stopped() const;
    ShadowStatistics statistics() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace baton::inference
