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
inline constexpr std::size_t kMaxRowElements = std::size_t{1} << 23;
// too_large over that.
Status check_row_size(const std::vector<TensorSpec>& inputs);

// Immutable once loaded; run() may be called from any number of threads.
class Model {
public:
    virtual ~Model() = default;
    virtual std::string_view engine() const = 0;  // "eigen", "onnxruntime"
    virtual const Signature& signature() const = 0;
    // `inputs` in the order and with the types of the signature and shapes that fit it (arrange_inputs makes sure).
    // Answers all outputs in the order of the signature. invalid_argument for values the model cannot take,
    // deadline_exceeded when the engine has stopped a run that took too long.
    virtual Result<std::vector<Tensor>> run(std::span<const Tensor> inputs) const = 0;
    // run() for made-up rows, before the model meets requests: an engine that can stop a run gives it no more time than
    // a load may take.
    virtual Result<std::vector<Tensor>> try_out(std::span<const Tensor> inputs) const { return run(inputs); }
    // False if a run may take far longer than the one that was measured at warm-up: it must not keep an event loop.
    virtual bool may_run_on_loop() const { return true; }
};

// Brings tensors that came by name into the order of the signature. invalid_argument, saying what was expected, for a
// missing, unknown or double name, another data type, or a shape that does not fit.
Result<std::vector<Tensor>> arrange_inputs(const Signature& signature, std::vector<Tensor> inputs);

}  // namespace baton::inference
