// TensorFlow Serving's predict JSON: bytes to tensors and tensors to bytes. Pure functions; no HTTP.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "inference/model.h"
#include "inference/tensor.h"
#include "server/inference/request_memory.h"

namespace baton::server::tfserving {

// rows: {"instances": [...]} and {"predictions": [...]}; columns: {"inputs": ...} and {"outputs": ...}.
enum class Form { rows, columns };

struct PredictRequest {
    Form form = Form::rows;
    std::vector<inference::Tensor> inputs;  // named and typed as the signature says, their shapes as they were sent
};

// The protocol's JSON carries no types: they come from the signature. A model with one input takes bare values, one
// with several takes an object by name (for each row or in all). {"b64": "..."} stands for one element of BYTES. A list
// of objects under "inputs" is read as rows, as KServe does. invalid_argument, saying what was expected, for anything
// that is no predict request; the errors of `limits`. The capacity of `body` may grow.
Result<PredictRequest> decode_predict_request(std::string& body, const inference::Signature& signature,
                                              const DecodeLimits& limits = {});

// A model with one output answers bare values, one with several an object by name (for each row or in all). BYTES
// outputs whose name ends in _bytes are written as {"b64": "..."}. What is not finite becomes null. invalid_argument
// for rows of outputs that do not have as many rows each, and for BYTES as text that are no UTF-8.
Result<std::string> encode_predict_response(Form form, std::span<const inference::Tensor> outputs);

}  // namespace baton::server::tfserving
