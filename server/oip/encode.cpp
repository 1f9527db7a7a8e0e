#include <algorithm>

#include "server/inference/binary_tensor.h"
#include "server/inference/json_writer.h"
#include "server/oip/classification.h"
#include "server/oip/codec.h"

namespace baton::server::oip {
namespace {

using inference::Tensor;

// The outputs as they are answered.
class Answered {
public:
    static Result<Answered> of(const InferResponse& response) {
        Answered answered(response);
        for (std::size_t i = 0; i < response.selected.size(); ++i) {
            const Selected& selected = response.selected[i];
            if (selected.classes == 0) continue;
            answered.classes_.resize(response.selected.size());
            BATON_ASSIGN(answered.classes_[i],
                         best_classes(response.outputs[selected.index],
                                      response.signature.outputs[selected.index].labels, selected.classes));
        }
        return answered;
    }

    std::size_t count() const { return response_.selected.size(); }
    bool is_binary(std::size_t i) const { return response_.selected[i].binary; }
    const Tensor& tensor(std::size_t i) const {
        const Selected& selected = response_.selected[i];
        return selected.classes > 0 ? classes_[i] : response_.outputs[selected.index];
    }

    // Roughly the size of the answer, so that it grows into its memory once.
    std::size_t expected_size() const {
        constexpr std::size_t for_names = 128;
        constexpr std::size_t for_element = 12;
        std::size_t size = for_names;
        for (std::size_t i = 0; i < count(); ++i) {
            size += for_names + (is_binary(i) ? binary_size(tensor(i)) : tensor(i).size() * for_element);
        }
        return size;
    }

private:
    explicit Answered(const InferResponse& response) : response_(response) {}

    const InferResponse& response_;
    std::vector<Tensor> classes_;  // empty, or one for each output; used where they are asked for
};

Status write_output(JsonWriter& json, const Tensor& tensor, bool binary) {
    json.begin_object().verbatim(R"("name":)").string(tensor.name);
    json.verbatim(R"(,"datatype":")").verbatim(inference::data_type_name(tensor.type()));
    json.verbatim(R"(","shape":[)");
    for (const std::int64_t extent : tensor.shape()) json.integer(extent);
    if (binary) {
        json.verbatim(R"(],"parameters":{"binary_data_size":)").integer(binary_size(tensor)).verbatim("}}");
        return {};
    }
    json.verbatim(R"(],"data":[)");
    BATON_TRY(json.elements(tensor, 0, tensor.size()));
    json.verbatim("]}");
    return {};
}

}  // namespace

Result<std::vector<Selected>> select_outputs(const inference::Signature& signature, const InferRequest& request) {
    std::vector<Selected> selected;
    selected.reserve(signature.outputs.size());
    for (const RequestedOutput& wanted : request.outputs) {
        const auto found = std::ranges::find(signature.outputs, wanted.name, &inference::TensorSpec::name);
        if (found == signature.outputs.end()) {
            std::string known;
            for (const auto& output : signature.outputs) known += (known.empty() ? "" : ", ") + output.name;
            return invalid_argument("unknown output '" + wanted.name + "'", "the model answers: " + known);
        }
        const auto index = static_cast<std::size_t>(found - signature.outputs.begin());
        if (std::ranges::find(selected, index, &Selected::index) != selected.end()) {
            return invalid_argument("output '" + wanted.name + "' is asked for twice");
        }
        selected.push_back({index, wanted.binary.value_or(request.binary_outputs), wanted.classes});
    }
    if (request.outputs.empty()) {
        for (std::size_t i = 0; i < signature.outputs.size(); ++i) selected.push_back({i, request.binary_outputs, 0});
    }
    return selected;
}

Result<EncodedResponse> encode_infer_response(const InferResponse& response) {
    BATON_ASSIGN(const Answered outputs, Answered::of(response));
    JsonWriter json;
    json.reserve(outputs.expected_size());
    json.verbatim(R"({"model_name":)").string(response.model);
    json.verbatim(R"(,"model_version":")").verbatim(std::to_string(response.version)).verbatim("\"");
    if (response.id) json.key("id").string(*response.id);
    json.verbatim(R"(,"outputs":[)");
    for (std::size_t i = 0; i < outputs.count(); ++i) {
        BATON_TRY(write_output(json, outputs.tensor(i), outputs.is_binary(i)));
    }
    json.verbatim("]}");
    EncodedResponse encoded{json.take(), std::nullopt};
    const std::size_t json_size = encoded.body.size();
    for (std::size_t i = 0; i < outputs.count(); ++i) {
        if (outputs.is_binary(i)) append_binary(encoded.body, outputs.tensor(i));
    }
    if (encoded.body.size() > json_size) encoded.json_size = json_size;
    return encoded;
}

}  // namespace baton::server::oip
