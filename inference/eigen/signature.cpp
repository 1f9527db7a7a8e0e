#include "inference/eigen/labels.h"
#include "inference/eigen/plan.h"

namespace baton::inference::eigen {
namespace {

const onnx::Node* maker_of(const onnx::Graph& graph, const std::string& value) {
    for (const auto& node : graph.nodes) {
        for (const auto& output : node.outputs) {
            if (output == value) return &node;
        }
    }
    return nullptr;
}

Result<TensorSpec> zipmap_spec(const onnx::ValueInfo& value, const onnx::Node& node) {
    BATON_ASSIGN(const Labels labels, Labels::of(node, "classlabels_int64s", "classlabels_strings"));
    return TensorSpec{.name = value.name,
                      .type = value.map_values.value_or(DataType::fp32),
                      .shape = {-1, static_cast<std::int64_t>(labels.size())},
                      .labels = labels.names()};
}

// No engine could be told what such a value is, nor could a client.
Error unservable(const std::string& what) {
    return {.code = Code::unsupported_model, .message = "cannot be served: " + what};
}

}  // namespace

Result<Signature> declared_signature(const onnx::Graph& graph) {
    Signature signature;
    for (const auto& input : graph.inputs) {
        if (!input.type) return unservable("the input '" + input.name + "' is no tensor of a common type");
        if (!input.shape) return unservable("the input '" + input.name + "' does not declare its shape");
        signature.inputs.push_back({.name = input.name, .type = *input.type, .shape = *input.shape});
    }
    for (const auto& output : graph.outputs) {
        const onnx::Node* maker = maker_of(graph, output.name);
        if (maker != nullptr && maker->op() == "ai.onnx.ml.ZipMap") {
            BATON_ASSIGN(TensorSpec spec, zipmap_spec(output, *maker));
            signature.outputs.push_back(std::move(spec));
            continue;
        }
        if (!output.type) return unservable("the output '" + output.name + "' is no tensor of a common type");
        signature.outputs.push_back(
            {.name = output.name, .type = *output.type, .shape = output.shape.value_or(Shape{-1})});
    }
    return signature;
}

}  // namespace baton::inference::eigen
