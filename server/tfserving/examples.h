// TensorFlow Serving's classify and regress: rows as examples of named features. Pure functions; no HTTP.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "inference/model.h"
#include "inference/tensor.h"
#include "server/inference/request_memory.h"

namespace baton::server::tfserving {

// {"examples": [{feature: value or list}], "context": {feature: value or list}}: a feature is an input of the model by
// its name, one row of it at a time; those of the context belong to every example that does not name them itself.
// Features may be flat or nested as the input's row is. The tensors have the shapes of the signature. invalid_argument,
// saying what was expected, for anything that is no such request; the errors of `limits`. The capacity of `body` may
// grow.
Result<std::vector<inference::Tensor>> decode_examples(std::string& body, const inference::Signature& signature,
                                                       const DecodeLimits& limits = {});

// {"results": [[[label, score], ...], ...]}: of the first output that is floating point with several columns. Its own
// labels are used if it has them, else the numbers of the columns. failed_precondition for a model without such scores.
Result<std::string> encode_classification(const inference::Signature& signature,
                                          std::span<const inference::Tensor> outputs);

// {"results": [value, ...]}: of the first output that is floating point with one value a row. failed_precondition for a
// model without such an output.
Result<std::string> encode_regression(std::span<const inference::Tensor> outputs);

}  // namespace baton::server::tfserving
