#include "server/tfserving/examples.h"

#include <algorithm>
#include <optional>

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
using inference::TensorSpec;

// One input of the model, as the examples fill it.
struct Feature {
    const TensorSpec* spec;
    TensorBuilder values;   // one for each example
    TensorBuilder context;  // none, or the one for all examples that have none
};

class ExamplesDecoder {
public:
    ExamplesDecoder(const Signature& signature, const DecodeLimits& limits) : limits_(limits) {
        for (const TensorSpec& input : signature.inputs) {
            const TensorBuilder builder(input.name, input.type, tensor_dialect, limits);
            features_.push_back({&input, builder, builder});
        }
    }

    Status field(std::string_view key, JsonValue& value) {
        if (key == "signature_name") return check_signature_name(value);
        if (key == "context" && !is_null(value)) return read_row(value, &Feature::context);
        if (key != "examples") return {};
        has_examples_ = true;
        return read_elements(value, "examples", [this](JsonValue& example) { return this->example(example); });
    }

    Result<std::vector<Tensor>> finish() && {
        if (!has_examples_) return invalid_argument("Missing 'examples' key");
        if (rows_ == 0) return invalid_argument("\"examples\" is empty");
        std::vector<Tensor> inputs;
        for (Feature& feature : features_) {
            BATON_ASSIGN(Tensor input, build(feature));
            inputs.push_back(std::move(input));
        }
        return inputs;
    }

private:
    Status example(JsonValue& value) {
        ++rows_;
        return read_row(value, &Feature::values);
    }

    Status read_row(JsonValue& value, TensorBuilder Feature::*where) {
        return read_fields(value, "an example", [&](std::string_view key, JsonValue& field) -> Status {
            const auto feature = std::ranges::find(
                features_, key, [](const Feature& f) -> const std::string& { return f.values.name(); });
            if (feature != features_.end()) return ((*feature).*where).append(field);
            return invalid_argument("unknown feature '" + std::string(key) + "'", "the model takes: " + names());
        });
    }

    Result<Tensor> build(Feature& feature) const {
        const bool in_context = feature.context.appended() > 0;
        if (feature.values.appended() != (in_context ? 0 : rows_)) {
            return invalid_argument("not every example has '" + feature.values.name() + "', or some have it twice",
                                    "each example names all inputs, or the context does: " + names());
        }
        TensorBuilder& values = in_context ? feature.context : feature.values;
        BATON_ASSIGN(Shape row, row_shape(*feature.spec, values.size() / values.appended()));
        if (!in_context) return std::move(values).build(with_rows(row, rows_));
        BATON_TRY(limits_.take(rows_ * values.size() *
                               std::max(inference::element_size(values.type()), sizeof(std::string))));
        return repeated(std::move(values).build(with_rows(row, 1)), with_rows(row, rows_));
    }

    static Tensor repeated(const Tensor& row, Shape shape) {
        Tensor rows(row.name, row.type(), std::move(shape));
        const auto repeat = [](const auto& from, const auto& to) {
            for (std::size_t at = 0; at < to.size(); at += from.size()) {
                std::ranges::copy(from, to.begin() + static_cast<std::ptrdiff_t>(at));
            }
        };
        if (row.size() == 0) return rows;
        row.type() == DataType::bytes ? repeat(row.values<std::string>(), rows.values<std::string>())
                                      : repeat(row.raw(), rows.raw());
        return rows;
    }

    std::string names() const {
        std::string text;
        for (const Feature& feature : features_) text += (text.empty() ? "" : ", ") + feature.values.name();
        return text;
    }

    const DecodeLimits& limits_;
    std::vector<Feature> features_;
    bool has_examples_ = false;
    std::size_t rows_ = 0;
};

bool is_floating(const Tensor& tensor) { return tensor.type() == DataType::fp32 || tensor.type() == DataType::fp64; }

// How many values each row has; 0 for what has no rows.
std::size_t columns_of(const Tensor& tensor) {
    if (tensor.shape().empty() || tensor.shape()[0] == 0) return 0;
    return tensor.size() / static_cast<std::size_t>(tensor.shape()[0]);
}

const Tensor* find_output(std::span<const Tensor> outputs, bool (*wanted)(const Tensor&)) {
    const auto found = std::ranges::find_if(outputs, wanted);
    return found == outputs.end() ? nullptr : &*found;
}

}  // namespace

Result<std::vector<Tensor>> decode_examples(std::string& body, const Signature& signature, const DecodeLimits& limits) {
    ExamplesDecoder decoder(signature, limits);
    BATON_TRY(read_json_object(body, body.size(), limits,
                               [&](std::string_view key, JsonValue& value) { return decoder.field(key, value); }));
    return std::move(decoder).finish();
}

Result<std::string> encode_classification(const Signature& signature, std::span<const Tensor> outputs) {
    const Tensor* scores = find_output(outputs, [](const Tensor& t) { return is_floating(t) && columns_of(t) > 1; });
    if (scores == nullptr) {
        return failed_precondition("the model answers no scores of classes", "use :regress or :predict");
    }
    const auto& labels = signature.outputs[static_cast<std::size_t>(scores - outputs.data())].labels;
    const std::size_t columns = columns_of(*scores);
    JsonWriter json;
    json.begin_object().key("results").begin_list();
    for (std::size_t begin = 0; begin < scores->size(); begin += columns) {
        json.begin_list();
        for (std::size_t column = 0; column < columns; ++column) {
            json.begin_list().string(labels.size() == columns ? labels[column] : std::to_string(column));
            BATON_TRY(json.elements(*scores, begin + column, begin + column + 1));
            json.end_list();
        }
        json.end_list();
    }
    json.end_list().end_object();
    return json.take();
}

Result<std::string> encode_regression(std::span<const Tensor> outputs) {
    const Tensor* values = find_output(outputs, [](const Tensor& t) { return is_floating(t) && columns_of(t) == 1; });
    if (values == nullptr) {
        return failed_precondition("the model does not answer one number for each example",
                                   "use :classify or :predict");
    }
    JsonWriter json;
    json.begin_object().key("results").begin_list();
    BATON_TRY(json.elements(*values, 0, values->size()));
    json.end_list().end_object();
    return json.take();
}

}  // namespace baton::server::tfserving
