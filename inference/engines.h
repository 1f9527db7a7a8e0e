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

// An ONNX file that an engine of this server runs.
struct OnnxModel {
    std::string producer;  // "skl2onnx 1.20.0"
    std::unique_ptr<Model> model;
};

// "eigen" or "onnxruntime", as Model::engine() has it; empty for automatic.
std::string_view engine_name(EngineChoice choice);
std::optional<EngineChoice> parse_engine(std::string_view name);

// Thread-safe.
class Engines {
public:
    using RuntimeResult = Result<std::shared_ptr<const onnxruntime::Runtime>>;

    Engines();  // Eigen alone
    // Eigen, and ONNX Runtime or the reason why it is not there.
    explicit Engines(RuntimeResult runtime) : runtime_(std::move(runtime)) {}

    // Reads the file and makes the model ready. invalid_argument for what is not a well-formed ONNX model, names
    // external data, has dangling or duplicate names or sizes that lie; too_large over the stated bounds;
    // unsupported_model, naming the operators, when the engine cannot run it or is not there, with a hint how to get
    // it; deadline_exceeded when it takes too long. Never opens any other file.
    Result<OnnxModel> open(std::string_view bytes, EngineChoice choice) const;

    const RuntimeResult& runtime() const { return runtime_; }

    // Ends the runs and loads that may take long, and every later one at once: for a program that ends.
    void stop_all() const;

private:
    Result<std::unique_ptr<Model>> load_with_runtime(std::string_view bytes, const onnx::Graph& graph) const;

    const RuntimeResult runtime_;
};

// Only whether the file is well-formed, which a model that no engine runs may be as well.
Status check_onnx(std::string_view bytes);

}  // namespace baton::inference
