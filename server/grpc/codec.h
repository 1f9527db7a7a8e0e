// Infer messages to tensors and tensors to infer messages. Pure functions; for .cpp files of this folder.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
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

// Keeps the library from writing to standard error what is wrong with a message: its sender is told. For the process.
void silence_protobuf();

// How long the answer is of use: until the deadline of the call that came at `came`, or as long as the parameter
// `timeout` says, whichever is sooner; within a day. nullopt when neither says.
std::optional<std::chrono::microseconds> time_limit(const ::inference::ModelInferRequest& request,
                                                    std::chrono::system_clock::time_point deadline,
                                                    std::chrono::system_clock::time_point came);

// What the tensors of a message take in memory, which may be several times what they took on the wire.
std::size_t memory_of(const ::inference::ModelInferRequest& request);

// The inputs as sent: neither order nor types were compared with a model. invalid_argument, saying what was expected,
// for contents that do not fit their type or shape; unimplemented for parameters that ask for classification, shared
// memory or sequences; the errors of `limits`.
Result<std::vector<inference::Tensor>> decode_inputs(const ::inference::ModelInferRequest& request,
                                                     const DecodeLimits& limits);

// Fills in the answer: the outputs that the request asks for, all if it names none. invalid_argument for an unknown
// one.
Status encode_outputs(const ::inference::ModelInferRequest& request, const inference::ServedVersion& version,
                      std::span<const inference::Tensor> outputs, ::inference::ModelInferResponse& response);

}  // namespace baton::server::grpc
