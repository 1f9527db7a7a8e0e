// Infer messages to tensors and tensors to infer messages. Pure functions; for .cpp files of this folder.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "inference/live_table.h"
#include "inference/tensor.h"
#include "server/inference/request_memory.h"

namespace inference {
class ModelInferRequest;
class ModelInferResponse;
}  // namespace inference

namespace baton::server::grpc {

// The inputs as sent: neither order nor types were compared with a model. invalid_argument, saying what was expected,
// for contents that do not fit their type or shape; the errors of `limits`.
Result<std::vector<inference::Tensor>> decode_inputs(const ::inference::ModelInferRequest& request,
                                                     const DecodeLimits& limits);

// Fills in the answer: the outputs that the request asks for, all if it names none. invalid_argument for an unknown
// one.
Status encode_outputs(const ::inference::ModelInferRequest& request, const inference::ServedVersion& version,
                      std::span<const inference::Tensor> outputs, ::inference::ModelInferResponse& response);

}  // namespace baton::server::grpc
