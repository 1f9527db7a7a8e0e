// The engines that a server has, and which of them runs a model.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "inference/model.h"
#include "inference/onnxruntime/runtime.h"

namespace baton::inference {

enum class EngineChoice {
    automatic,  // Eigen where the model compiles for it, else ONNX Runtime
    eigen,
    onnxruntime,
};

// "eigen" or "onnxruntime", as Model::engine() has it.
std::optional<EngineChoice> parse_engine(std::string_view name);

// Thread-safe.
class Engines {
public:
    using RuntimeResult = Result<std::shared_ptr<const onnxruntime::Runtime>>;

    // The Eigen engine, and ONNX Runtime or the reason why it is not there.
    explicit Engines(RuntimeResult runtime) : runtime_(std::move(runtime)) {}

    // Reads the file and makes the model ready. invalid_argument for what is not a well-formed ONNX model, names
    // external data, has dangling or duplicate names or sizes that lie; too_large over the stated bounds;
    // unsupported_model, naming the operators, when the engine cannot run it or is not there, with a hint how to get
    // it; deadline_exceeded when it takes too long. Never opens any other file.
    Result<OnnxModel> open(std::string_view bytes, EngineChoice choice) const;

    const RuntimeResult& runtime() const { return runtime_; }

private:
    Result<std::unique_ptr<Model>> load_with_runtime(std::string_view bytes, const onnx::Graph& graph) const;

    const RuntimeResult runtime_;
};

}  // namespace baton::inference
