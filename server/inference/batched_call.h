// An inference call that may share a run of the engine with others.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "inference/batcher.h"
#include "server/inference/call.h"

namespace baton::server {

// What goes wrong in one call is logged, and its client told so, and reaches no other.
class BatchedCall final : public inference::BatchedRequest {
public:
    // Decoded, by a version that has a batcher which accepts it.
    explicit BatchedCall(InferenceCall call) : call_(std::move(call)) {}

    void refuse(const Error& error) { call_.fail(error); }

    std::span<const inference::Tensor> inputs() const override { return call_.inputs(); }
    const inference::ServedVersion& version() const override { return call_.version(); }
    std::chrono::microseconds patience() const override;
    bool begin() override;
    bool reserve(std::size_t bytes) override { return call_.reserve(bytes).ok(); }
    void take(std::vector<inference::Tensor> outputs, std::chrono::nanoseconds engine) override;
    void run_alone() override;

private:
    InferenceCall call_;
};

}  // namespace baton::server
