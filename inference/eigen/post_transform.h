// What LinearClassifier, LinearRegressor and SVMClassifier do with a row of scores.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "inference/onnx/graph.h"

namespace baton::inference::eigen {

enum class PostTransform : std::uint8_t { none, softmax, logistic, softmax_zero, probit };

// The attribute post_transform; invalid_argument for an unknown name.
Result<PostTransform> post_transform_of(const onnx::Node& node);

// Stable for large positive and negative values.
double logistic(double value);
// Transforms one row in place.
void apply(PostTransform transform, std::span<double> row);

}  // namespace baton::inference::eigen
