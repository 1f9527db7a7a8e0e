// Sums of kernel values between rows and the support vectors of a machine that cannot do without them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "inference/eigen/linear.h"
#include "inference/eigen/simd/kernels.h"

namespace baton::inference::eigen {

struct KernelFunction {
    enum class Type : std::uint8_t { linear, poly, rbf, sigmoid } type = Type::linear;
    double gamma = 0;
    double coef0 = 0;
    double degree = 0;
};

// The support vectors [start, start + weights.cols()) and the sums they are part of: a row of weights for each. So
// one-against-one machines multiply only the classes at hand.
struct MachinePart {
    Eigen::Index start = 0;
    RowMatrix weights;
    std::vector<Eigen::Index> sums;
};

// rows x features -> rows x sums: each sum is an offset plus weighted kernel values. The kernel values are computed as
// T (float or double), the sums as double. Immutable and thread-safe.
template <class T>
class VectorMachine {
public:
    // `vectors` is count x features; `offset` has a value for each sum.
    VectorMachine(KernelFunction kernel, const RowMatrix& vectors, Eigen::VectorXd offset,
                  std::vector<MachinePart> parts);

    // `x` holds rows of as many values as there are features, `sums` takes rows of as many values as there are sums.
    void apply(std::span<const double> x, std::span<double> sums) const;

    // RBF: the largest |v|^2 / 2 in the units of `unit_`.
    double largest_half() const;

private:
    using Lines = std::vector<simd::Line<T>>;

    T prepared(double value, std::size_t feature) const;
    void apply_tile(std::span<const T> x, std::span<double> sums, Lines& values) const;
    void apply_kernel(std::span<const T> x, Lines& values) const;

    KernelFunction kernel_;
    std::size_t features_ = 0;
    std::size_t panels_ = 0;
    Lines vectors_;  // as simd::Routines wants them; for RBF after a centre is taken away and the unit is changed
    Lines halves_;   // RBF: |v|^2 / 2
    // RBF: the centre of the vectors. Taken away from both sides it changes no distance, but saves the difference of
    // large squares from cancelling. In these units exp(-gamma d^2) is 2^(-d^2 / 2).
    std::vector<double> centre_;
    double unit_ = 1;
    Eigen::VectorXd offset_;
    std::vector<MachinePart> parts_;
};

extern template class VectorMachine<float>;
extern template class VectorMachine<double>;

}  // namespace baton::inference::eigen
