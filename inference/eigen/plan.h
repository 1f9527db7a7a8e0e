// A graph compiled to a list of steps.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "inference/eigen/operators.h"
#include "inference/model.h"
#include "inference/onnx/graph.h"

namespace baton::inference::eigen {

// Where an operand lives: a constant of the plan, or a slot of the running request.
struct Place {
    enum class Where : std::uint8_t { nowhere, constant, slot } where = Where::nowhere;
    std::size_t index = 0;
    bool last_use = false;  // of a slot: its value may be moved from
};

// A value that comes straight from a request and is computed with for the first time: missing values stop here.
struct FiniteCheck {
    std::size_t operand = 0;
    std::string input;       // of the model
    bool allow_nan = false;  // an Imputer takes NaN, but no infinity
};

struct Step {
    std::string op;
    Kernel kernel;
    std::vector<Place> inputs;
    std::vector<std::optional<std::size_t>> outputs;  // slots; nullopt: nobody wants it
    std::vector<FiniteCheck> checks;
};

// The interpreter: any model made of the operators in operator_table().
class Plan : public Model {
public:
    // unsupported_model naming every operator that is not in the table; invalid_argument for operators with attributes,
    // inputs or shapes that do not fit, found by compiling them and by running rows of zeros.
    static Result<std::unique_ptr<Plan>> compile(const onnx::Graph& graph);

    std::string_view engine() const override { return "eigen"; }
    const Signature& signature() const override { return signature_; }
    Result<std::vector<Tensor>> run(std::span<const Tensor> inputs) const override;

private:
    friend class PlanCompiler;

    // The values of one running request.
    struct Frame {
        std::vector<Array> slots;
        std::size_t elements = 0;  // in all slots together
    };
    Result<std::vector<Array>> evaluate(Frame frame) const;
    Status run_step(const Step& step, Frame& frame) const;

    Signature signature_;
    std::vector<Array> constants_;
    std::vector<Step> steps_;
    std::size_t slots_ = 0;  // the inputs come first
    std::vector<Place> outputs_;
};

// The signature as the file declares it. A ZipMap output is the matrix it was made from: FP32 [-1, classes], with the
// class names as labels. unsupported_model for inputs and outputs that are not tensors.
Result<Signature> declared_signature(const onnx::Graph& graph);

}  // namespace baton::inference::eigen
