#include <algorithm>
#include <utility>
#include <variant>

#include "server/inference/binary_tensor.h"
#include "server/inference/json_reader.h"
#include "server/inference/tensor_builder.h"
#include "server/inference/timeout.h"
#include "server/oip/codec.h"

namespace baton::server::oip {
namespace {

using inference::DataType;
using inference::Shape;
using inference::Tensor;

constexpr std::size_t rank_limit = 32;
constexpr std::size_t usual_rank = 4;  // dimensions that cost one allocation

bool is_flat(const Shape& given, std::int64_t count) { return given.size() == 1 && given[0] == count; }

Error unimplemented(std::string message, std::string hint) {
    return {.code = Code::unimplemented, .message = std::move(message), .hint = std::move(hint)};
}

Error no_shared_memory() {
    return unimplemented("shared memory is not supported", "send and ask for the tensors in the messages themselves");
}

bool is_shared_memory(std::string_view parameter) { return parameter.starts_with("shared_memory_"); }

Result<std::size_t> read_size(JsonValue& value, const JsonPlace& place) {
    BATON_ASSIGN(const std::int64_t size, read_integer(value, place));
    if (size < 0) return invalid_argument(place.text() + ": cannot be negative");
    return static_cast<std::size_t>(size);
}

// What the decoding of one request shares.
struct Bounds {
    const DecodeLimits& limits;
    std::size_t most_elements;             // that the JSON can hold
    std::optional<std::size_t> left = {};  // bytes behind the JSON that no input has claimed; nothing: all is JSON
};

// An input whose bytes follow the JSON, which are read once that was.
struct BinaryInput {
    std::string name;
    DataType type;
    Shape shape;
    std::size_t size;
};
using DecodedInput = std::variant<Tensor, BinaryInput>;

// One member of "inputs", whose keys may come in any order.
class InputDecoder {
public:
    explicit InputDecoder(Bounds& bounds) : bounds_(bounds) {}

    Status field(std::string_view key, JsonValue& value) {
        if (key == "name") {
            BATON_ASSIGN(name_, read_string(value, "name of an input"));
        } else if (key == "datatype") {
            return datatype(value);
        } else if (key == "shape") {
            shape_.emplace().reserve(usual_rank);
            BATON_TRY(read_elements(value, place("shape"), [this](JsonValue& extent) { return dimension(extent); }));
            return bounds_.limits.check_rows(shape_->empty() ? 1 : static_cast<std::size_t>(shape_->front()));
        } else if (key == "data" && type_ && name_) {
            return data(value);
        } else if (key == "data") {
            BATON_ASSIGN(postponed_, postpone_list(value, place("data")));
        } else if (key == "parameters" && !is_null(value)) {
            return read_fields(value, place("parameters"),
                               [this](std::string_view name, JsonValue& field) { return parameter(name, field); });
        }
        return {};
    }

    Result<DecodedInput> finish() && {
        if (!name_) return invalid_argument("an input has no \"name\"");
        if (!type_) return missing("datatype");
        if (!shape_) return missing("shape");
        if (binary_size_) return binary();
        if (postponed_) {
            BATON_TRY(read_postponed(*postponed_, bounds_.limits, [this](JsonValue& value) { return data(value); }));
        }
        if (!builder_) return missing("data");
        const auto count = inference::element_count(*shape_);
        const auto sent = static_cast<std::int64_t>(builder_->size());
        if (!count || *count != builder_->size() ||
            (builder_->value_shape() != *shape_ && !is_flat(builder_->value_shape(), sent))) {
            return invalid_argument("input" + of() + " has shape " + inference::shape_text(*shape_) +
                                        ", but its data has " + inference::shape_text(builder_->value_shape()),
                                    "data is a flat list in row-major order, or nested as the shape says");
        }
        return DecodedInput(std::move(*builder_).build(*std::move(shape_)));
    }

private:
    JsonPlace place(const char* key) const { return {key, name_ ? std::string_view(*name_) : std::string_view()}; }
    std::string of() const { return name_ ? " '" + *name_ + "'" : ""; }

    Error missing(std::string_view key) const {
        return invalid_argument("input" + of() + " has no \"" + std::string(key) + "\"");
    }

    Status datatype(JsonValue& value) {
        BATON_ASSIGN(const std::string_view text, read_string(value, place("datatype")));
        type_ = inference::parse_data_type(text);
        if (type_) return {};
        return invalid_argument("input" + of() + " has the unknown datatype \"" + std::string(text) + "\"",
                                "one of BOOL, UINT8 to UINT64, INT8 to INT64, FP32, FP64, BYTES");
    }

    Status dimension(JsonValue& value) {
        BATON_ASSIGN(const std::int64_t extent, read_integer(value, place("shape")));
        if (extent < 0) return invalid_argument("shape" + of() + ": a dimension cannot be negative");
        if (shape_->size() == rank_limit) return invalid_argument("shape" + of() + ": too many dimensions");
        shape_->push_back(extent);
        return {};
    }

    Status parameter(std::string_view key, JsonValue& value) {
        if (is_shared_memory(key)) return no_shared_memory();
        if (key != "binary_data_size") return {};
        BATON_ASSIGN(binary_size_, read_size(value, place("binary_data_size")));
        return {};
    }

    Result<DecodedInput> binary() {
        if (postponed_ || builder_) return invalid_argument("input" + of() + " has both binary and JSON data");
        if (!bounds_.left) {
            return invalid_argument("input" + of() + " is said to be in binary form, but the body is JSON alone",
                                    "say where the JSON ends with the header Inference-Header-Content-Length");
        }
        if (*binary_size_ > *bounds_.left) {
            return invalid_argument("input" + of() + " is said to have " + std::to_string(*binary_size_) +
                                    " bytes of binary data, but the body has only " + std::to_string(*bounds_.left) +
                                    " more");
        }
        *bounds_.left -= *binary_size_;
        return DecodedInput(BinaryInput{*std::move(name_), *type_, *std::move(shape_), *binary_size_});
    }

    Status data(JsonValue& value) {
        builder_.emplace(*name_, *type_, TensorBuilder::Dialect{.base64 = false, .non_finite = true}, bounds_.limits);
        const auto count = shape_ ? inference::element_count(*shape_) : std::nullopt;
        if (count && *count <= bounds_.most_elements) BATON_TRY(builder_->reserve(*count));
        return builder_->append(value);
    }

    Bounds& bounds_;
    std::optional<std::string> name_;
    std::optional<DataType> type_;
    std::optional<Shape> shape_;
    std::optional<PostponedList> postponed_;
    std::optional<std::size_t> binary_size_;
    std::optional<TensorBuilder> builder_;
};

class RequestDecoder {
public:
    explicit RequestDecoder(Bounds& bounds) : bounds_(bounds) {}

    Status field(std::string_view key, JsonValue& value) {
        if (key == "inputs") {
            has_inputs_ = true;
            return read_elements(value, "inputs", [this](JsonValue& input) { return input_of(input); });
        }
        if (is_null(value)) return {};
        if (key == "id") {
            BATON_ASSIGN(request_.id, read_string(value, "id"));
        } else if (key == "outputs") {
            return read_elements(value, "outputs", [this](JsonValue& output) { return output_of(output); });
        } else if (key == "parameters") {
            return read_fields(value, "parameters",
                               [this](std::string_view name, JsonValue& field) { return parameter(name, field); });
        }
        return {};
    }

    // `bytes` are what follows the JSON.
    Result<InferRequest> finish(std::string_view bytes) && {
        if (!has_inputs_) {
            return invalid_argument("the body has no \"inputs\"",
                                    R"(expected {"inputs": [{"name", "shape", "datatype", "data"}]})");
        }
        for (auto& [index, input] : binary_inputs_) {
            BATON_ASSIGN(request_.inputs[index],
                         read_binary_tensor(std::move(input.name), input.type, std::move(input.shape),
                                            bytes.substr(0, input.size), bounds_.limits));
            bytes.remove_prefix(input.size);
        }
        if (bytes.empty()) return std::move(request_);
        return invalid_argument("unexpected additional input data: " + std::to_string(bytes.size()) +
                                " bytes that no input claims with binary_data_size");
    }

private:
    Status input_of(JsonValue& value) {
        InputDecoder input(bounds_);
        BATON_TRY(read_fields(value, "an element of inputs",
                              [&](std::string_view key, JsonValue& field) { return input.field(key, field); }));
        BATON_ASSIGN(DecodedInput decoded, std::move(input).finish());
        if (auto* tensor = std::get_if<Tensor>(&decoded)) {
            request_.inputs.push_back(std::move(*tensor));
        } else {
            binary_inputs_.emplace_back(request_.inputs.size(), std::get<BinaryInput>(std::move(decoded)));
            request_.inputs.emplace_back();
        }
        return {};
    }

    Status output_of(JsonValue& value) {
        RequestedOutput output;
        bool has_name = false;
        const auto on_parameter = [&](std::string_view key, JsonValue& field) {
            return output_parameter(output, key, field);
        };
        const auto on_field = [&](std::string_view key, JsonValue& field) -> Status {
            if (key == "name") {
                BATON_ASSIGN(output.name, read_string(field, "name of an output"));
                has_name = true;
            } else if (key == "parameters" && !is_null(field)) {
                return read_fields(field, "parameters of an output", on_parameter);
            }
            return {};
        };
        BATON_TRY(read_fields(value, "an element of outputs", on_field));
        if (!has_name) return invalid_argument("an output that is asked for has no \"name\"");
        request_.outputs.push_back(std::move(output));
        return {};
    }

    static Status output_parameter(RequestedOutput& output, std::string_view key, JsonValue& value) {
        if (is_shared_memory(key)) return no_shared_memory();
        if (key == "binary_data") {
            BATON_ASSIGN(output.binary, read_bool(value, key));
        } else if (key == "classification") {
            BATON_ASSIGN(output.classes, read_size(value, key));
        }
        return {};
    }

    // The parameters that the protocol reserves; all others are the client's own.
    Status parameter(std::string_view key, JsonValue& value) {
        if (key == "binary_data_output") {
            BATON_ASSIGN(request_.binary_outputs, read_bool(value, key));
        } else if (key == "timeout") {
            BATON_ASSIGN(const std::size_t timeout, read_size(value, key));
            if (timeout > 0) request_.timeout = timeout_of(timeout);
        } else if (key == "priority") {
            BATON_TRY(read_size(value, key));  // all requests have the same
        } else if (key == "sequence_start" || key == "sequence_end") {
            BATON_ASSIGN(const bool in_sequence, read_bool(value, key));
            if (in_sequence) return no_sequences();
        } else if (key == "sequence_id") {
            const auto id = read_integer(value, key);
            if (!id.ok() || *id != 0) return no_sequences();  // 0: it is in none
        } else if (key == "headers" || key.starts_with("triton_")) {
            return invalid_argument("the parameter \"" + std::string(key) + "\" is reserved",
                                    "choose another name for a parameter of your own");
        }
        return {};
    }

    static Error no_sequences() {
        return unimplemented("sequences of requests are not supported: each is answered by itself",
                             "leave out sequence_id, sequence_start and sequence_end");
    }

    Bounds& bounds_;
    InferRequest request_;
    std::vector<std::pair<std::size_t, BinaryInput>> binary_inputs_;  // with their places among the inputs
    bool has_inputs_ = false;
};

}  // namespace

Result<InferRequest> decode_infer_request(std::string& body, std::optional<std::size_t> json_size,
                                          const DecodeLimits& limits) {
    const std::size_t size = json_size.value_or(body.size());
    if (size > body.size()) {
        return invalid_argument("the JSON is said to have " + std::to_string(size) + " bytes, but the body has " +
                                std::to_string(body.size()));
    }
    Bounds bounds{.limits = limits, .most_elements = size / 2};
    if (json_size) bounds.left = body.size() - size;
    RequestDecoder decoder(bounds);
    BATON_TRY(read_json_object(body, size, limits,
                               [&](std::string_view key, JsonValue& value) { return decoder.field(key, value); }));
    return std::move(decoder).finish(std::string_view(body).substr(size));
}

}  // namespace baton::server::oip
