#include "server/tfserving/codec.h"

#include <algorithm>

#include "server/inference/json_reader.h"
#include "server/inference/json_writer.h"
#include "server/inference/rows.h"
#include "server/inference/tensor_builder.h"
#include "server/tfserving/dialect.h"

namespace baton::server::tfserving {
namespace {

using inference::DataType;
using inference::Shape;
using inference::Signature;
using inference::Tensor;

constexpr std::string_view base64_key = "b64";

class PredictDecoder {
public:
    PredictDecoder(const Signature& signature, const DecodeLimits& limits) {
        for (const auto& input : signature.inputs) {
            builders_.emplace_back(input.name, input.type, tensor_dialect, limits);
        }
    }

    Status field(std::string_view key, JsonValue& value) {
        if (key == "signature_name") return check_signature_name(value);
        if (key != "instances" && key != "inputs") return {};
        if (form_) return invalid_argument("the body has both \"instances\" and \"inputs\"", "send one of them");
        if (key == "instances") {
            form_ = Form::rows;
            return rows(value);
        }
        form_ = Form::columns;
        if (!is_list_of_objects(value)) return columns(value);
        BATON_TRY(rows(value));
        if (by_name_) form_ = Form::rows;
        return {};
    }

    Result<PredictRequest> finish() && {
        if (!form_) return invalid_argument("Missing 'inputs' or 'instances' key");
        PredictRequest request{*form_, {}};
        for (TensorBuilder& builder : builders_) {
            if (builder.appended() == 0) continue;
            Shape shape = builder.value_shape();
            if (in_rows_) shape.insert(shape.begin(), static_cast<std::int64_t>(builder.appended()));
            request.inputs.push_back(std::move(builder).build(std::move(shape)));
        }
        return request;
    }

private:
    Status rows(JsonValue& value) {
        if (!is_list_of_objects(value)) return bare(value, "instances");
        in_rows_ = true;
        return read_elements(value, "instances", [this](JsonValue& instance) { return row(instance); });
    }

    Status row(JsonValue& value) {
        BATON_TRY(read_fields(value, "an instance",
                              [this](std::string_view key, JsonValue& field) { return named(key, field); }));
        ++rows_;
        for (const TensorBuilder& builder : builders_) {
            if (builder.appended() == rows_) continue;
            return invalid_argument("instance " + std::to_string(rows_ - 1) + " has no '" + builder.name() + "'",
                                    "each instance names all inputs: " + names());
        }
        return {};
    }

    Status columns(JsonValue& value) {
        if (!is_object(value)) return bare(value, "inputs");
        return read_fields(value, "inputs",
                           [this](std::string_view key, JsonValue& field) { return named(key, field); });
    }

    Status named(std::string_view name, JsonValue& value) {
        const auto builder = std::ranges::find(builders_, name, &TensorBuilder::name);
        if (builder != builders_.end()) {
            by_name_ = true;
            return builder->append(value);
        }
        if (name == base64_key && builders_.size() == 1 && builders_[0].type() == DataType::bytes) {
            BATON_ASSIGN(const std::string_view text, read_string(value, base64_key));
            return builders_[0].append_base64(text);
        }
        return invalid_argument("unknown input '" + std::string(name) + "'", "the model takes: " + names());
    }

    // The values of the only input, without its name.
    Status bare(JsonValue& value, std::string_view key) {
        if (builders_.size() == 1) return builders_[0].append(value);
        return invalid_argument("the model has several inputs, so \"" + std::string(key) + "\" must name them",
                                "the model takes: " + names());
    }

    std::string names() const {
        std::string text;
        for (const TensorBuilder& builder : builders_) text += (text.empty() ? "" : ", ") + builder.name();
        return text;
    }

    std::vector<TensorBuilder> builders_;  // one for each input of the signature
    std::optional<Form> form_;
    bool in_rows_ = false;  // each value in a builder is one row
    bool by_name_ = false;
    std::size_t rows_ = 0;
};

JsonWriter::BytesAs form_of_bytes(const Tensor& tensor) {
    return tensor.name.ends_with("_bytes") ? JsonWriter::BytesAs::base64 : JsonWriter::BytesAs::text;
}

Status write_value(JsonWriter& json, const Tensor& tensor, std::size_t level, std::size_t begin) {
    return write_nested(json, tensor, level, begin, form_of_bytes(tensor));
}

Result<std::size_t> row_count(std::span<const Tensor> outputs) {
    const auto rows = [](const Tensor& tensor) { return tensor.shape().empty() ? -1 : tensor.shape()[0]; };
    const std::int64_t first = rows(outputs[0]);
    if (first < 0 || !std::ranges::all_of(outputs, [&](const Tensor& tensor) { return rows(tensor) == first; })) {
        return invalid_argument("the model's outputs do not have one value for each instance",
                                "send \"inputs\" instead of \"instances\"");
    }
    return static_cast<std::size_t>(first);
}

Status write_predictions(JsonWriter& json, std::span<const Tensor> outputs) {
    BATON_ASSIGN(const std::size_t rows, row_count(outputs));
    if (outputs.size() == 1) return write_value(json, outputs[0], 0, 0);
    json.begin_list();
    for (std::size_t row = 0; row < rows; ++row) {
        json.begin_object();
        for (const Tensor& tensor : outputs) {
            json.key(tensor.name);
            BATON_TRY(write_value(json, tensor, 1, row * (tensor.size() / rows)));
        }
        json.end_object();
    }
    json.end_list();
    return {};
}

Status write_outputs(JsonWriter& json, std::span<const Tensor> outputs) {
    if (outputs.size() == 1) return write_value(json, outputs[0], 0, 0);
    json.begin_object();
    for (const Tensor& tensor : outputs) {
        json.key(tensor.name);
        BATON_TRY(write_value(json, tensor, 0, 0));
    }
    json.end_object();
    return {};
}

}  // namespace

Status check_signature_name(JsonValue& value) {
    if (is_null(value)) return {};
    BATON_ASSIGN(const std::string_view name, read_string(value, "signature_name"));
    if (name.empty() || name == "serving_default") return {};
    return invalid_argument("Serving signature name: \"" + std::string(name) + "\" not found in signature def");
}

Result<PredictRequest> decode_predict_request(std::string& body, const Signature& signature,
                                              const DecodeLimits& limits) {
    PredictDecoder decoder(signature, limits);
    BATON_TRY(read_json_object(body, body.size(), limits,
                               [&](std::string_view key, JsonValue& value) { return decoder.field(key, value); }));
    return std::move(decoder).finish();
}

Result<std::string> encode_predict_response(Form form, std::span<const Tensor> outputs) {
    JsonWriter json;
    json.begin_object();
    if (form == Form::rows) {
        json.key("predictions");
        BATON_TRY(write_predictions(json, outputs));
    } else {
        json.key("outputs");
        BATON_TRY(write_outputs(json, outputs));
    }
    json.end_object();
    return json.take();
}

}  // namespace baton::server::tfserving
