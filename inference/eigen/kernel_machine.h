// The arithmetic of support vector machines: kernels between rows and support vectors, and sums of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "inference/eigen/linear.h"
#include "inference/onnx/graph.h"

namespace baton::inference::eigen {

struct KernelFunction {
    enum class Type : std::uint8_t { linear, poly, rbf, sigmoid } type = Type::linear;
    double gamma = 0;
    double coef0 = 0;
    double degree = 0;
};

// The attributes kernel_type and kernel_params (gamma, coef0, degree).
Result<KernelFunction> kernel_function_of(const onnx::Node& node);

// rows x features -> rows x sums: each sum is an offset plus weighted kernel values. Immutable and thread-safe.
class KernelMachine {
public:
    // The support vectors [start, start + weights.rows()) and the sums they are part of: a column of weights for each.
    // So one-against-one machines multiply only the classes at hand.
    struct Part {
        Eigen::Index start = 0;
        RowMatrix weights;
        std::vector<Eigen::Index> sums;
    };

    KernelMachine() = default;
    // `vectors` is count x features; `offset` has a value for each sum. A linear kernel with no more sums than vectors
    // becomes a linear map, and the vectors are gone.
    KernelMachine(KernelFunction kernel, RowMatrix vectors, Eigen::VectorXd offset, std::vector<Part> parts);
    // Without vectors: a row of weights for each sum.
    explicit KernelMachine(LinearMap linear) : features_(linear.features()), linear_(std::move(linear)) {}

    std::size_t features() const { return features_; }

    // `x` holds rows of features() values, `sums` takes rows of as many values as there are sums.
    void apply(std::span<const double> x, std::span<double> sums) const;

private:
    void pack(const RowMatrix& vectors);
    void apply_tile(const double* x, Eigen::Index rows, double* sums) const;
    void apply_kernel(Eigen::Ref<RowMatrix> products, const Eigen::VectorXd& squares) const;

    std::size_t features_ = 0;
    std::optional<LinearMap> linear_;  // stands for all that follows
    KernelFunction kernel_;
    // The support vectors as simd::Kernels wants them, for RBF after `centre_` is taken away: taken from both sides it
    // changes no distance, but saves the difference of large squares from cancelling.
    std::vector<double> packed_;
    std::size_t panels_ = 0;
    Eigen::RowVectorXd centre_;
    Eigen::VectorXd squares_;  // RBF: |v|^2, with zeros where packed_ is filled up
    Eigen::VectorXd offset_;
    std::vector<Part> parts_;
};

}  // namespace baton::inference::eigen
