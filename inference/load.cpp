// From the bytes of an ONNX file to a model.
#include "inference/eigen/linear_pipeline.h"
#include "inference/eigen/plan.h"
#include "inference/model.h"
#include "inference/onnx/reader.h"

namespace baton::inference {

Result<OnnxDescription> describe_onnx(std::string_view bytes) {
    BATON_ASSIGN(const onnx::Graph graph, onnx::read_graph(bytes));
    OnnxDescription description;
    BATON_ASSIGN(description.signature, eigen::declared_signature(graph));
    description.operators = graph.operators;
    description.producer = graph.producer;
    description.ir_version = graph.ir_version;
    description.opsets.assign(graph.opsets.begin(), graph.opsets.end());
    // A model that compiles knows its output shapes better than the file does.
    if (const auto plan = eigen::Plan::compile(graph); plan.ok()) description.signature = (*plan)->signature();
    return description;
}

Result<std::unique_ptr<Model>> load_onnx(std::string_view bytes) {
    BATON_ASSIGN(const onnx::Graph graph, onnx::read_graph(bytes));
    BATON_ASSIGN(std::unique_ptr<Model> plan, eigen::Plan::compile(graph));
    if (auto fused = eigen::fuse_linear(graph, *plan)) return fused;
    return plan;
}

}  // namespace baton::inference
