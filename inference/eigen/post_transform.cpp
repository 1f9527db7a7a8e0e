#include "inference/eigen/post_transform.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "inference/eigen/operators.h"

namespace baton::inference::eigen {
namespace {

// `zeros_stay`: SOFTMAX_ZERO keeps scores that are as good as zero near zero.
void softmax(std::span<double> row, bool zeros_stay) {
    if (row.empty()) return;
    const double largest = *std::ranges::max_element(row);
    double sum = 0;
    for (double& value : row) {
        const bool stays = zeros_stay && std::abs(value) <= 1e-7;
        value = stays ? value * std::exp(-largest) : std::exp(value - largest);
        sum += value;
    }
    if (sum == 0) return;
    for (double& value : row) value /= sum;
}

// With the approximation of the inverse error function that ONNX Runtime uses, so that the numbers are the same.
double probit(double value) {
    constexpr double kA = 0.147;
    const double x = 2 * value - 1;
    const double log_term = std::log((1 - x) * (1 + x));
    const double v = 2 / (std::numbers::pi * kA) + 0.5 * log_term;
    const double inverse = std::copysign(std::sqrt(std::sqrt(v * v - log_term / kA) - v), x);
    return std::numbers::sqrt2 * inverse;
}

}  // namespace

Result<PostTransform> post_transform_of(const onnx::Node& node) {
    const auto name = node.attribute_or<std::string>("post_transform", "NONE");
    if (name == "NONE") return PostTransform::none;
    if (name == "SOFTMAX") return PostTransform::softmax;
    if (name == "LOGISTIC") return PostTransform::logistic;
    if (name == "SOFTMAX_ZERO") return PostTransform::softmax_zero;
    if (name == "PROBIT") return PostTransform::probit;
    return bad_attributes(node, "unknown post_transform");
}

double logistic(double value) {
    if (value >= 0) return 1 / (1 + std::exp(-value));
    const double e = std::exp(value);
    return e / (1 + e);
}

void apply(PostTransform transform, std::span<double> row) {
    switch (transform) {
        case PostTransform::none:
            return;
        case PostTransform::softmax:
            return softmax(row, false);
        case PostTransform::softmax_zero:
            return softmax(row, true);
        case PostTransform::logistic:
            for (double& value : row) value = logistic(value);
            return;
        case PostTransform::probit:
            for (double& value : row) value = probit(value);
            return;
    }
}

}  // namespace baton::inference::eigen
