// The Open Inference Protocol's infer request and answer: bytes to tensors and tensors to bytes. Pure functions; no
// HTTP.
//
// A message is JSON, or, in Triton's binary tensor extension, JSON and then the bytes of the tensors that the JSON
// leaves out. Data in JSON may be flat or nested as the shape says; FP16 and BF16 have the binary form alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inference/model.h"
#include "inference/tensor.h"
#include "server/inference/request_memory.h"

namespace baton::server::oip {

struct RequestedOutput {
    std::string name;
    std::optional<bool> binary = {};  // nothing: as the request says for all
    std::size_t classes = 0;          // the best so many of them instead of all values; 0: the values
};

struct InferRequest {
    std::optional<std::string> id = {};
    std::vector<inference::Tensor> inputs = {};  // as sent: neither order nor types were compared with a model
    std::vector<RequestedOutput> outputs = {};   // in that order; empty: all
    bool binary_outputs = false;
    std::optional<std::chrono::microseconds> timeout = {};  // from its arrival
};

// `json_size`: the body begins with so many bytes of JSON, and the binary tensors follow; nothing: all is JSON.
// invalid_argument, saying what was expected, for anything that is no inference request; unimplemented for extensions
// that are not there; the errors of `limits`. Keys it does not know are checked to be JSON and ignored. The capacity of
// `body` may grow.
Result<InferRequest> decode_infer_request(std::string& body, std::optional<std::size_t> json_size = {},
                                          const DecodeLimits& limits = {});

// A body without any JSON is the one input of a model that has one: a single row whose shape the signature says, but
// for one dimension that may follow from the size. For BYTES it is the single element. Answered in binary form.
Result<InferRequest> decode_raw_request(std::string_view body, const inference::Signature& signature,
                                        const DecodeLimits& limits = {});

// How an output of the model is answered.
struct Selected {
    std::size_t index = 0;  // in the signature
    bool binary = false;
    std::size_t classes = 0;
};

// invalid_argument for an unknown or double name.
Result<std::vector<Selected>> select_outputs(const inference::Signature& signature, const InferRequest& request);

struct InferResponse {
    std::string_view model;
    std::uint32_t version = 0;
    std::optional<std::string_view> id;
    const inference::Signature& signature;
    std::span<const inference::Tensor> outputs;
    std::span<const Selected> selected;  // in order
};

struct EncodedResponse {
    std::string body;
    std::optional<std::size_t> json_size;  // nothing: all of it is JSON
};

// Data in JSON is flat; what is not finite becomes null there. invalid_argument for what JSON cannot carry: FP16, BF16
// and BYTES that are no UTF-8.
Result<EncodedResponse> encode_infer_response(const InferResponse& response);

}  // namespace baton::server::oip
