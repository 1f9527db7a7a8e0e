#include "inference/eigen/kernel_machine.h"

#include <algorithm>
#include <cmath>

#include "inference/eigen/operators.h"

namespace baton::inference::eigen {
namespace {

LinearMap folded(const RowMatrix& vectors, Eigen::VectorXd offset, const std::vector<MachinePart>& parts) {
    RowMatrix weights = RowMatrix::Zero(offset.size(), vectors.cols());
    for (const MachinePart& part : parts) {
        const RowMatrix share = part.weights * vectors.middleRows(part.start, part.weights.cols());
        for (Eigen::Index k = 0; k < share.rows(); ++k) {
            weights.row(part.sums[static_cast<std::size_t>(k)]) += share.row(k);
        }
    }
    return {std::move(weights), std::move(offset)};
}

// Whether it matters how fast the machine is: vectors that fit the first-level cache as doubles take no time.
bool is_large(const RowMatrix& vectors) { return vectors.size() > 4096; }

// Whether floats give the sums of doubles but for some roundings of the largest, tried on some of the support vectors,
// where it shows most: there distances cancel to zero, and kernels are as large as they get.
bool agree(const VectorMachine<float>& floats, const VectorMachine<double>& doubles, const RowMatrix& vectors,
           Eigen::Index sums) {
    constexpr Eigen::Index kTried = 64;
    constexpr double kTolerance = 2e-6;
    constexpr double kMostHalf = 32;  // an exponent is exact to about 2^-24 of this
    if (floats.largest_half() > kMostHalf) return false;
    const Eigen::Index step = (vectors.rows() + kTried - 1) / kTried;
    const Eigen::Index rows = (vectors.rows() + step - 1) / step;
    RowMatrix tried(rows, vectors.cols());
    for (Eigen::Index row = 0; row < rows; ++row) tried.row(row) = vectors.row(row * step);
    const std::span<const double> x(tried.data(), static_cast<std::size_t>(tried.size()));
    RowMatrix by_floats(rows, sums);
    RowMatrix by_doubles(rows, sums);
    floats.apply(x, {by_floats.data(), static_cast<std::size_t>(by_floats.size())});
    doubles.apply(x, {by_doubles.data(), static_cast<std::size_t>(by_doubles.size())});
    return (by_floats - by_doubles).cwiseAbs().maxCoeff<Eigen::PropagateNaN>() <=
           kTolerance * by_doubles.cwiseAbs().maxCoeff();
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

KernelMachine::KernelMachine(KernelFunction kernel, const RowMatrix& vectors, Eigen::VectorXd offset,
                             std::vector<MachinePart> parts, bool floats_suffice)
    : features_(static_cast<std::size_t>(vectors.cols())) {
    if (kernel.type == KernelFunction::Type::linear && offset.size() <= vectors.rows()) {
        machine_ = folded(vectors, std::move(offset), parts);
        return;
    }
    VectorMachine<double> doubles(kernel, vectors, offset, parts);
    if (floats_suffice && kernel.type == KernelFunction::Type::rbf && is_large(vectors)) {
        const Eigen::Index sums = offset.size();
        VectorMachine<float> floats(kernel, vectors, std::move(offset), std::move(parts));
        if (agree(floats, doubles, vectors, sums)) {
            machine_ = std::move(floats);
            return;
        }
    }
    machine_ = std::move(doubles);
}

void KernelMachine::apply(std::span<const double> x, std::span<double> sums) const {
    std::visit([&](const auto& machine) { machine.apply(x, sums); }, machine_);
}

}  // namespace baton::inference::eigen
