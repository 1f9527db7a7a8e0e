// The arithmetic of support vector machines: kernels between rows and support vectors, and sums of them.
#pragma once

#include <span>
#include <variant>
#include <vector>

#include "base/result.h"
#include "inference/eigen/linear.h"
#include "inference/eigen/vector_machine.h"
#include "inference/onnx/graph.h"

namespace baton::inference::eigen {

// The attributes kernel_type and kernel_params (gamma, coef0, degree).
Result<KernelFunction> kernel_function_of(const onnx::Node& node);

// rows x features -> rows x sums: each sum is an offset plus weighted kernel values. Immutable and thread-safe.
class KernelMachine {
public:
    KernelMachine() = default;
    // `vectors` is count x features; `offset` has a value for each sum. A linear kernel with no more sums than vectors
    // becomes a linear map, and the vectors are gone. RBF kernels of many vectors are computed as floats, which is
    // twice as fast, where `floats_suffice` (the model reads and gives no more than those) and the sums for support
    // vectors come out as they do from doubles; everything else as doubles.
    KernelMachine(KernelFunction kernel, const RowMatrix& vectors, Eigen::VectorXd offset,
                  std::vector<MachinePart> parts, bool floats_suffice);
    // Without vectors: a row of weights for each sum.
    explicit KernelMachine(LinearMap linear) : features_(linear.features()), machine_(std::move(linear)) {}

    std::size_t features() const { return features_; }
    bool computes_floats() const { return std::holds_alternative<VectorMachine<float>>(machine_); }

    // `x` holds rows of features() values, `sums` takes rows of as many values as there are sums.
    void apply(std::span<const double> x, std::span<double> sums) const;

private:
    std::size_t features_ = 0;
    std::variant<LinearMap, VectorMachine<double>, VectorMachine<float>> machine_;
};

}  // namespace baton::inference::eigen
