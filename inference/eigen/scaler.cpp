#include "inference/eigen/scaler.h"

#include "inference/eigen/operators.h"

namespace baton::inference::eigen {

Result<Scaler> scaler_of(const onnx::Node& node) {
    const auto offset = node.attribute_or<std::vector<float>>("offset", {0});
    const auto scale = node.attribute_or<std::vector<float>>("scale", {1});
    if (offset.empty() || scale.empty()) return bad_attributes(node, "offset or scale is empty");
    if (!all_finite(offset) || !all_finite(scale)) return bad_attributes(node, "offset or scale is not finite");
    return Scaler{.offset = {offset.begin(), offset.end()}, .scale = {scale.begin(), scale.end()}};
}

}  // namespace baton::inference::eigen
