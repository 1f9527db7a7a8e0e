// (x - offset) * scale, feature by feature.
#pragma once

#include <vector>

#include "base/result.h"
#include "inference/onnx/graph.h"

namespace baton::inference::eigen {

struct Scaler {
    std::vector<double> offset;  // one value for each feature, or one for all
    std::vector<double> scale;

    bool fits(std::size_t features) const {
        return (offset.size() == 1 || offset.size() == features) && (scale.size() == 1 || scale.size() == features);
    }
    double offset_of(std::size_t feature) const { return offset.size() == 1 ? offset[0] : offset[feature]; }
    double scale_of(std::size_t feature) const { return scale.size() == 1 ? scale[0] : scale[feature]; }
};

// What is left out shifts by 0 and scales by 1. invalid_argument for values that are not finite.
Result<Scaler> scaler_of(const onnx::Node& node);

}  // namespace baton::inference::eigen
