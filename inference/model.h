// A model that can answer: the port that every engine fills.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inference/tensor.h"

namespace baton::inference {

// One input or output: -1 in the shape is a dimension that varies.
struct TensorSpec {
    std::string name;
    DataType type = DataType::fp32;
    Shape shape;
    std::vector<std::string> labels = {};  // what the columns stand for, when the model names them: class labels
};

struct Signature {
    std::vector<TensorSpec> inputs;
    std::vector<TensorSpec> outputs;
};

// The most elements that one row of all inputs together may have by its declared shapes (a dimension that varies counts
// as one). Whoever loads or warms a model up makes such rows, so a file of a hundred bytes must not declare a terabyte.
inline constexpr std::size_t kMaxRowElements = std::size_t{1} << 20;
// too_large over that.
Status check_row_size(const std::vector<TensorSpec>& inputs);

// Immutable once loaded; run() may be called from any number of threads.
class Model {
public:
    virtual ~Model() = default;
    virtual std::string_view engine() const = 0;  // "eigen", "onnxruntime"
    virtual const Signature& signature() const = 0;
    // `inputs` in the order and with the types of the signature and shapes that fit it (arrange_inputs makes sure).
    // Answers all outputs in the order of the signature. invalid_argument for values the model cannot take.
    virtual Result<std::vector<Tensor>> run(std::span<const Tensor> inputs) const = 0;
};

// Brings tensors that came by name into the order of the signature. invalid_argument, saying what was expected, for a
// missing, unknown or double name, another data type, or a shape that does not fit.
Result<std::vector<Tensor>> arrange_inputs(const Signature& signature, std::vector<Tensor> inputs);

// What an ONNX file is, found without running it.
struct OnnxDescription {
    Signature signature;
    std::vector<std::string> operators;  // distinct, "Gemm" or "ai.onnx.ml.SVMClassifier", sorted
    std::string producer;                // "skl2onnx 1.20.0"
    std::int64_t ir_version = 0;
    std::vector<std::pair<std::string, std::int64_t>> opsets;  // domain ("" is ai.onnx) and version
};

// Parses and checks the file: invalid_argument for what is not a well-formed ONNX model, names external data,
// has dangling or duplicate names or sizes that lie. Never opens any other file.
Result<OnnxDescription> describe_onnx(std::string_view bytes);

// Compiles the model for the Eigen engine. unsupported_model, naming the operators, when it needs another engine.
Result<std::unique_ptr<Model>> load_onnx(std::string_view bytes);

}  // namespace baton::inference
