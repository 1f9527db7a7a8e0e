// A model for tests that need no ONNX: answers a constant, and can be told to refuse.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "inference/model.h"

namespace baton::inference {

// y = constant for every row of x ([-1,2], FP32).
class FakeModel : public Model {
public:
    explicit FakeModel(float constant) : constant_(constant) {}

    std::string_view engine() const override { return "fake"; }
    const Signature& signature() const override { return signature_; }
    Result<std::vector<Tensor>> run(std::span<const Tensor> inputs) const override {
        if (refusal) return *refusal;
        if (before_run) before_run();
        const auto rows = inputs[0].shape()[0];
        std::vector<Tensor> outputs;
        outputs.emplace_back("y", DataType::fp32, Shape{rows, 1});
        std::ranges::fill(outputs[0].values<float>(), constant_);
        return outputs;
    }

    std::optional<Error> refusal;
    std::function<void()> before_run;

private:
    Signature signature_{{{"x", DataType::fp32, {-1, 2}}}, {{"y", DataType::fp32, {-1, 1}}}};
    float constant_;
};

}  // namespace baton::inference
