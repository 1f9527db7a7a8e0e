// Triton's classification extension: the best classes instead of all scores.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "inference/tensor.h"

namespace baton::server::oip {

// BYTES of shape [rows, k], best first, each `score:index` or, if the columns have names, `score:index:label`. k is at
// most the number of columns; equal scores come in the order of their columns, what is no number comes last.
// invalid_argument for an output that is not numeric.
Result<inference::Tensor> best_classes(const inference::Tensor& scores, const std::vector<std::string>& labels,
                                       std::size_t count);

}  // namespace baton::server::oip
