// Requests that are nothing but the bytes of one tensor.
#include <algorithm>

#include "server/inference/binary_tensor.h"
#include "server/inference/rows.h"
#include "server/oip/codec.h"

namespace baton::server::oip {
namespace {

using inference::DataType;
using inference::Shape;
using inference::Tensor;
using inference::TensorSpec;

constexpr std::int64_t varies = -1;

Error no_raw_form(const TensorSpec& spec, std::string why) {
    return invalid_argument("input '" + spec.name + "' of shape " + inference::shape_text(spec.shape) +
                                " cannot be sent without its JSON: " + std::move(why),
                            "say what the bytes are with Inference-Header-Content-Length and the JSON before them");
}

// The shape of one row of so many elements.
Result<Shape> row_shape(const TensorSpec& spec, std::size_t elements) {
    Shape shape = spec.shape;
    if (shape.size() > 1 && shape[0] == varies) shape[0] = 1;
    if (std::ranges::count(shape, varies) > 1) return no_raw_form(spec, "more than one dimension varies");
    if (auto filled = fill_open_dimension(std::move(shape), elements)) return *std::move(filled);
    return no_raw_form(spec, "the size of the body fits no such shape");
}

Result<Tensor> read_text(const TensorSpec& spec, std::string_view body, const DecodeLimits& limits) {
    BATON_ASSIGN(Shape shape, row_shape(spec, 1));
    if (inference::element_count(shape) != 1U) return no_raw_form(spec, "it has more than one element");
    BATON_TRY(limits.take(body.size()));
    Tensor tensor(spec.name, spec.type, std::move(shape));
    tensor.values<std::string>()[0] = body;
    return tensor;
}

Result<Tensor> read_input(const TensorSpec& spec, std::string_view body, const DecodeLimits& limits) {
    if (spec.type == DataType::bytes) return read_text(spec, body, limits);
    BATON_ASSIGN(Shape shape, row_shape(spec, body.size() / inference::element_size(spec.type)));
    if (!shape.empty()) BATON_TRY(limits.check_rows(static_cast<std::size_t>(shape[0])));
    return read_binary_tensor(spec.name, spec.type, std::move(shape), body, limits);
}

}  // namespace

Result<InferRequest> decode_raw_request(std::string_view body, const inference::Signature& signature,
                                        const DecodeLimits& limits) {
    if (signature.inputs.size() != 1) {
        return invalid_argument("a body without JSON is for models with one input; this one has " +
                                std::to_string(signature.inputs.size()));
    }
    InferRequest request{.binary_outputs = true};
    BATON_ASSIGN(Tensor input, read_input(signature.inputs[0], body, limits));
    request.inputs.push_back(std::move(input));
    return request;
}

}  // namespace baton::server::oip
