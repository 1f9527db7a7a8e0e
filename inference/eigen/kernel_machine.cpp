#include "inference/eigen/kernel_machine.h"

#include <algorithm>
#include <cmath>

#include "inference/eigen/operators.h"
#include "inference/eigen/simd/kernels.h"

namespace baton::inference::eigen {
namespace {

// Rows at once: the kernel values of a tile (rows x vectors) should stay in the second-level cache.
constexpr Eigen::Index kTileValues = 64 * 1024;

Eigen::Index tile_rows(Eigen::Index vectors) {
    return std::clamp<Eigen::Index>(kTileValues / std::max<Eigen::Index>(vectors, 1), 8, 256);
}

bool is_small_integer(double degree) { return degree >= 0 && degree <= 16 && degree == std::floor(degree); }

template <class Values>
void power(Values&& values, double degree) {
    if (!is_small_integer(degree)) {
        values = values.unaryExpr([degree](double v) { return std::pow(v, degree); });
        return;
    }
    const RowMatrix base = values.matrix();
    values.setOnes();
    for (int i = 0; i < static_cast<int>(degree); ++i) values *= base.array();
}

}  // namespace

Result<KernelFunction> kernel_function_of(const onnx::Node& node) {
    KernelFunction kernel;
    const auto type = node.attribute_or<std::string>("kernel_type", "LINEAR");
    using Type = KernelFunction::Type;
    if (type == "LINEAR") {
        kernel.type = Type::linear;
    } else if (type == "POLY") {
        kernel.type = Type::poly;
    } else if (type == "RBF") {
        kernel.type = Type::rbf;
    } else if (type == "SIGMOID") {
        kernel.type = Type::sigmoid;
    } else {
        return bad_attributes(node, "unknown kernel_type");
    }
    const auto parameters = node.attribute_or<std::vector<float>>("kernel_params", {});
    if (!all_finite(parameters)) return bad_attributes(node, "kernel_params are not finite");
    if (parameters.size() >= 3) {
        kernel.gamma = parameters[0];
        kernel.coef0 = parameters[1];
        kernel.degree = parameters[2];
    } else if (kernel.type != Type::linear) {
        return bad_attributes(node, "kernel_params must be gamma, coef0 and degree");
    }
    if (kernel.type == Type::rbf && kernel.gamma < 0) return bad_attributes(node, "gamma is negative");
    return kernel;
}

KernelMachine::KernelMachine(KernelFunction kernel, RowMatrix vectors, Eigen::VectorXd offset, std::vector<Part> parts)
    : features_(static_cast<std::size_t>(vectors.cols())), kernel_(kernel) {
    if (kernel.type == KernelFunction::Type::linear && offset.size() <= vectors.rows()) {
        RowMatrix folded = RowMatrix::Zero(offset.size(), vectors.cols());
        for (const Part& part : parts) {
            const RowMatrix share = part.weights.transpose() * vectors.middleRows(part.start, part.weights.rows());
            for (Eigen::Index k = 0; k < share.rows(); ++k) {
                folded.row(part.sums[static_cast<std::size_t>(k)]) += share.row(k);
            }
        }
        linear_ = LinearMap(std::move(folded), std::move(offset));
        return;
    }
    offset_ = std::move(offset);
    parts_ = std::move(parts);
    if (kernel.type == KernelFunction::Type::rbf) {
        centre_ = vectors.colwise().mean();
        vectors.rowwise() -= centre_;
        squares_ = vectors.rowwise().squaredNorm();
    }
    pack(vectors);
}

void KernelMachine::pack(const RowMatrix& vectors) {
    const auto count = static_cast<std::size_t>(vectors.rows());
    panels_ = (count + simd::kPanel - 1) / simd::kPanel;
    packed_.assign(panels_ * features_ * simd::kPanel, 0);
    for (std::size_t v = 0; v < count; ++v) {
        double* panel = packed_.data() + v / simd::kPanel * features_ * simd::kPanel + v % simd::kPanel;
        for (std::size_t f = 0; f < features_; ++f) {
            panel[f * simd::kPanel] = vectors(static_cast<Eigen::Index>(v), static_cast<Eigen::Index>(f));
        }
    }
    squares_.conservativeResizeLike(Eigen::VectorXd::Zero(static_cast<Eigen::Index>(panels_ * simd::kPanel)));
}

void KernelMachine::apply(std::span<const double> x, std::span<double> sums) const {
    if (linear_) return linear_->apply(x, sums);
    const Eigen::Index count = offset_.size();
    const auto rows = static_cast<Eigen::Index>(sums.size()) / count;
    const Eigen::Index tile = tile_rows(squares_.size());
    for (Eigen::Index first = 0; first < rows; first += tile) {
        apply_tile(x.data() + first * static_cast<Eigen::Index>(features_), std::min(tile, rows - first),
                   sums.data() + first * count);
    }
}

void KernelMachine::apply_tile(const double* x, Eigen::Index rows, double* sums) const {
    const Eigen::Map<const RowMatrix> given(x, rows, static_cast<Eigen::Index>(features_));
    RowMatrix centred;
    Eigen::VectorXd squares;
    if (kernel_.type == KernelFunction::Type::rbf) {
        centred = given.rowwise() - centre_;
        squares = centred.rowwise().squaredNorm();
        x = centred.data();
    }
    RowMatrix values(rows, squares_.size());
    simd::best_kernels().products(x, static_cast<std::size_t>(rows), features_, packed_.data(), panels_, values.data());
    apply_kernel(values, squares);

    Eigen::Map<RowMatrix> result(sums, rows, offset_.size());
    result.rowwise() = offset_.transpose();
    for (const Part& part : parts_) {
        const RowMatrix partial = values.middleCols(part.start, part.weights.rows()) * part.weights;
        for (Eigen::Index k = 0; k < partial.cols(); ++k) {
            result.col(part.sums[static_cast<std::size_t>(k)]) += partial.col(k);
        }
    }
}

// Turns the products x.v into kernel values; `squares` are |x|^2 for RBF.
void KernelMachine::apply_kernel(Eigen::Ref<RowMatrix> products, const Eigen::VectorXd& squares) const {
    auto values = products.array();
    switch (kernel_.type) {
        case KernelFunction::Type::linear:
            return;
        case KernelFunction::Type::poly:
            values = kernel_.gamma * values + kernel_.coef0;
            return power(values, kernel_.degree);
        case KernelFunction::Type::sigmoid:
            values = (kernel_.gamma * values + kernel_.coef0).tanh();
            return;
        case KernelFunction::Type::rbf:
            for (Eigen::Index row = 0; row < products.rows(); ++row) {
                simd::best_kernels().rbf(&products(row, 0), static_cast<std::size_t>(products.cols()), squares_.data(),
                                         squares[row], kernel_.gamma);
            }
    }
}

}  // namespace baton::inference::eigen
