// From the bytes of an ONNX file to a model.
#include "inference/eigen/linear_pipeline.h"
#include "inference/eigen/plan.h"
#include "inference/model.h"
#include "inference/onnx/reader.h"

namespace baton::inference {

Result<OnnxModel> open_onnx(std::string_view bytes) {
    BATON_ASSIGN(onnx::Graph graph, onnx::read_graph(bytes));
    BATON_ASSIGN(std::unique_ptr<Model> model, eigen::Plan::compile(graph));
    if (auto fused = eigen::fuse_linear(graph, *model)) model = std::move(fused);
    return OnnxModel{.producer = std::move(graph.producer), .model = std::move(model)};
}

Result<std::unique_ptr<Model>> load_onnx(std::string_view bytes) {
    BATON_ASSIGN(OnnxModel opened, open_onnx(bytes));
    return std::move(opened.model);
}

Status check_onnx(std::string_view bytes) {
    BATON_TRY(onnx::read_graph(bytes));
    return {};
}

}  // namespace baton::inference
