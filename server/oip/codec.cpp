#include "server/oip/codec.h"

#include <algorithm>

#include "server/inference/json_reader.h"
#include "server/inference/json_writer.h"
#include "server/inference/tensor_builder.h"

namespace baton::server::oip {
namespace {

using inference::DataType;
using inference::Shape;
using inference::Tensor;

constexpr std::size_t rank_limit = 32;
constexpr std::size_t usual_rank = 4;  // dimensions that cost one allocation

bool is_flat(const Shape& given, std::int64_t count) { return given.size() == 1 && given[0] == count; }

// One member of "inputs", whose keys may come in any order.
class InputDecoder {
public:
    Status field(std::string_view key, JsonValue& value) {
        if (key == "name") {
            BATON_ASSIGN(name_, read_string(value, "name of an input"));
        } else if (key == "datatype") {
            return datatype(value);
        } else if (key == "shape") {
            shape_.emplace().reserve(usual_rank);
            return read_elements(value, place("shape"), [this](JsonValue& extent) { return dimension(extent); });
        } else if (key == "data" && type_ && name_) {
            return data(value);
        } else if (key == "data") {
            BATON_ASSIGN(postponed_, postpone_list(value, place("data")));
        } else if (key == "parameters" && !is_null(value)) {
            return read_fields(value, place("parameters"), [this](std::string_view parameter, JsonValue&) -> Status {
                if (parameter != "binary_data_size") return {};
                return invalid_argument("input" + of() + " is sent in binary form, which is not supported",
                                        "send the elements as JSON in \"data\"");
            });
        }
        return {};
    }

    Result<Tensor> finish() && {
        if (!name_) return invalid_argument("an input has no \"name\"");
        if (!type_) return missing("datatype");
        if (!shape_) return missing("shape");
        if (postponed_) {
            BATON_TRY(read_postponed(*postponed_, [this](JsonValue& value) { return data(value); }));
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
        return std::move(*builder_).build(*std::move(shape_));
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

    Status data(JsonValue& value) {
        builder_.emplace(*name_, *type_);
        return builder_->append(value);
    }

    std::optional<std::string> name_;
    std::optional<DataType> type_;
    std::optional<Shape> shape_;
    std::optional<PostponedList> postponed_;
    std::optional<TensorBuilder> builder_;
};

class RequestDecoder {
public:
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
            return read_fields(value, "parameters", [](auto, auto&) -> Status { return {}; });
        }
        return {};
    }

    Result<InferRequest> finish() && {
        if (!has_inputs_) {
            return invalid_argument("the body has no \"inputs\"",
                                    R"(expected {"inputs": [{"name", "shape", "datatype", "data"}]})");
        }
        return std::move(request_);
    }

private:
    Status input_of(JsonValue& value) {
        InputDecoder input;
        BATON_TRY(read_fields(value, "an element of inputs",
                              [&](std::string_view key, JsonValue& field) { return input.field(key, field); }));
        BATON_ASSIGN(Tensor tensor, std::move(input).finish());
        request_.inputs.push_back(std::move(tensor));
        return {};
    }

    Status output_of(JsonValue& value) {
        std::optional<std::string> name;
        const auto on_field = [&](std::string_view key, JsonValue& field) -> Status {
            if (key == "name") {
                BATON_ASSIGN(name, read_string(field, "name of an output"));
            } else if (key == "parameters" && !is_null(field)) {
                return read_fields(field, "parameters of an output", output_parameter);
            }
            return {};
        };
        BATON_TRY(read_fields(value, "an element of outputs", on_field));
        if (!name) return invalid_argument("an output that is asked for has no \"name\"");
        request_.outputs.push_back(*std::move(name));
        return {};
    }

    // Answers are JSON, whatever is said about binary_data: clients read both.
    static Status output_parameter(std::string_view key, JsonValue&) {
        if (key != "classification") return {};
        return invalid_argument("the parameter \"classification\" is not supported", "ask for the scores themselves");
    }

    InferRequest request_;
    bool has_inputs_ = false;
};

// Roughly the size of an answer, so that it grows into its memory once.
std::size_t expected_size(const InferResponse& response) {
    constexpr std::size_t for_names = 128;
    constexpr std::size_t for_element = 12;
    std::size_t size = for_names;
    for (const std::size_t index : response.selected) size += for_names + response.outputs[index].size() * for_element;
    return size;
}

}  // namespace

Result<InferRequest> decode_infer_request(std::string& body) {
    RequestDecoder decoder;
    BATON_TRY(
        read_json_object(body, [&](std::string_view key, JsonValue& value) { return decoder.field(key, value); }));
    return std::move(decoder).finish();
}

Result<std::vector<std::size_t>> select_outputs(const inference::Signature& signature,
                                                const std::vector<std::string>& names) {
    std::vector<std::size_t> selected;
    selected.reserve(signature.outputs.size());
    for (const std::string& name : names) {
        const auto found = std::ranges::find(signature.outputs, name, &inference::TensorSpec::name);
        if (found == signature.outputs.end()) {
            std::string known;
            for (const auto& output : signature.outputs) known += (known.empty() ? "" : ", ") + output.name;
            return invalid_argument("unknown output '" + name + "'", "the model answers: " + known);
        }
        const auto index = static_cast<std::size_t>(found - signature.outputs.begin());
        if (std::ranges::find(selected, index) != selected.end()) {
            return invalid_argument("output '" + name + "' is asked for twice");
        }
        selected.push_back(index);
    }
    if (names.empty()) {
        for (std::size_t i = 0; i < signature.outputs.size(); ++i) selected.push_back(i);
    }
    return selected;
}

Result<std::string> encode_infer_response(const InferResponse& response) {
    JsonWriter json;
    json.reserve(expected_size(response));
    json.verbatim(R"({"model_name":)").string(response.model);
    json.verbatim(R"(,"model_version":")").verbatim(std::to_string(response.version)).verbatim("\"");
    if (response.id) json.key("id").string(*response.id);
    json.verbatim(R"(,"outputs":[)");
    for (const std::size_t index : response.selected) {
        const Tensor& tensor = response.outputs[index];
        json.begin_object().verbatim(R"("name":)").string(tensor.name);
        json.verbatim(R"(,"datatype":")").verbatim(inference::data_type_name(tensor.type()));
        json.verbatim(R"(","shape":[)");
        for (const std::int64_t extent : tensor.shape()) json.integer(extent);
        json.verbatim(R"(],"data":[)");
        BATON_TRY(json.elements(tensor, 0, tensor.size()));
        json.verbatim("]}");
    }
    json.verbatim("]}");
    return json.take();
}

}  // namespace baton::server::oip
