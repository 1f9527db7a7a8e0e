#include "inference/engines.h"

#include "inference/eigen/linear_pipeline.h"
#include "inference/eigen/plan.h"
#include "inference/onnx/reader.h"

namespace baton::inference {
namespace {

Result<std::unique_ptr<Model>> load_with_eigen(const onnx::Graph& graph) {
    BATON_ASSIGN(std::unique_ptr<Model> plan, eigen::Plan::compile(graph));
    if (auto fused = eigen::fuse_linear(graph, *plan)) return fused;
    return plan;
}

}  // namespace

std::string_view engine_name(EngineChoice choice) {
    switch (choice) {
        case EngineChoice::automatic:
            return "";
        case EngineChoice::eigen:
            return "eigen";
        case EngineChoice::onnxruntime:
            return "onnxruntime";
    }
    return "";
}

std::optional<EngineChoice> parse_engine(std::string_view name) {
    for (const EngineChoice choice : {EngineChoice::eigen, EngineChoice::onnxruntime}) {
        if (name == engine_name(choice)) return choice;
    }
    return std::nullopt;
}

Engines::Engines() : runtime_(Error{.code = Code::unavailable, .message = "this server has the Eigen engine alone"}) {}

Result<OnnxModel> Engines::open(std::string_view bytes, EngineChoice choice) const {
    BATON_ASSIGN(const onnx::Graph graph, onnx::read_graph(bytes));
    BATON_TRY(eigen::declared_signature(graph));  // what no engine could serve needs none
    if (choice == EngineChoice::onnxruntime) {
        BATON_ASSIGN(auto model, load_with_runtime(bytes, graph));
        return OnnxModel{.producer = graph.producer, .model = std::move(model)};
    }
    auto model = load_with_eigen(graph);
    const bool may_ask_another = choice == EngineChoice::automatic && !model.ok();
    if (may_ask_another && model.error().code == Code::unsupported_model) {
        if (runtime_.ok()) {
            model = load_with_runtime(bytes, graph);
        } else {
            return Error{.code = Code::unsupported_model,
                         .message = model.error().message + "; " + runtime_.error().message,
                         .hint = runtime_.error().hint};
        }
    }
    if (!model.ok()) return std::move(model).error();
    return OnnxModel{.producer = graph.producer, .model = *std::move(model)};
}

Result<std::unique_ptr<Model>> Engines::load_with_runtime(std::string_view bytes, const onnx::Graph& graph) const {
    if (runtime_.ok()) return (*runtime_)->load(bytes, graph);
    return Error{.code = Code::unsupported_model,
                 .message = "needs the engine onnxruntime; " + runtime_.error().message,
                 .hint = runtime_.error().hint};
}

void Engines::stop_all() const {
    if (runtime_.ok()) (*runtime_)->stop_all();
}

Status check_onnx(std::string_view bytes) {
    BATON_TRY(onnx::read_graph(bytes));
    return {};
}

}  // namespace baton::inference
