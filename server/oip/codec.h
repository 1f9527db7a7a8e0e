// The Open Inference Protocol's JSON: bytes to tensors and tensors to bytes. Pure functions; no HTTP.
//
// Tensor data may be flat or nested as the shape says. Binary tensors and FP16/BF16 data are refused.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inference/model.h"
#include "inference/tensor.h"

namespace baton::server::oip {

struct InferRequest {
    std::optional<std::string> id;
    std::vector<inference::Tensor> inputs;  // as sent: neither order nor types were compared with a model
    std::vector<std::string> outputs;       // asked for, in that order; empty: all
};

// invalid_argument, saying what was expected, for anything that is no inference request. Keys it does not know are
// checked to be JSON and ignored. The capacity of `body` may grow.
Result<InferRequest> decode_infer_request(std::string& body);

// Which outputs of the model to answer: invalid_argument for an unknown or double name.
Result<std::vector<std::size_t>> select_outputs(const inference::Signature& signature,
                                                const std::vector<std::string>& names);

struct InferResponse {
    std::string_view model;
    std::uint32_t version = 0;
    std::optional<std::string_view> id;
    std::span<const inference::Tensor> outputs;
    std::span<const std::size_t> selected;  // indexes into outputs, in order
};

// Data is flat; what is not finite becomes null. internal for BYTES that are no UTF-8.
Result<std::string> encode_infer_response(const InferResponse& response);

}  // namespace baton::server::oip
