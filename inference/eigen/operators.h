// How operators are written, compiled and found.
#pragma once

#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "inference/eigen/array.h"
#include "inference/onnx/graph.h"

namespace baton::inference::eigen {

// One input of a running operator: a constant of the model, or a value another operator made.
struct Operand {
    const Array* value = nullptr;  // null: an optional input left out
    Array* disposable = nullptr;   // the same value, when nobody reads it after this operator
};

// A running operator: its inputs and the places for its outputs.
class Call {
public:
    Call(std::span<const Operand> inputs, std::span<Array* const> outputs) : inputs_(inputs), outputs_(outputs) {}

    std::size_t inputs() const { return inputs_.size(); }
    bool has(std::size_t index) const { return index < inputs_.size() && inputs_[index].value != nullptr; }
    // Only when has(index).
    const Array& in(std::size_t index) const { return *inputs_[index].value; }
    // The input as a value of one's own: moved where possible, else copied.
    Array take(std::size_t index) const {
        const Operand& operand = inputs_[index];
        return operand.disposable != nullptr ? std::move(*operand.disposable) : *operand.value;
    }
    // Sets an output; nothing happens for one that nobody wants.
    void give(Array value, std::size_t index = 0) const {
        if (index < outputs_.size() && outputs_[index] != nullptr) *outputs_[index] = std::move(value);
    }

private:
    std::span<const Operand> inputs_;
    std::span<Array* const> outputs_;
};

// A compiled operator. Must be callable from many threads at once.
using Kernel = std::function<Status(const Call&)>;

struct NodeContext {
    const onnx::Node& node;
    std::int64_t opset;         // of the operator's domain
    bool reads_floats = false;  // no input of the model holds numbers that a float does not hold
};

// Checks the attributes and compiles the operator. invalid_argument for attributes that contradict each other,
// unsupported_model for a variant that we do not run.
using Factory = Result<Kernel> (*)(const NodeContext&);

struct OperatorEntry {
    Factory compile;
    std::size_t min_inputs;
    std::size_t max_inputs;
    // Moves values without computing with them, so a missing value (NaN) may pass through it to an Imputer.
    bool moves_only = false;
};

using OperatorTable = std::unordered_map<std::string, OperatorEntry>;

inline constexpr std::size_t kManyInputs = 1u << 20;

// All operators, by Node::op().
const OperatorTable& operator_table();

void add_elementwise_operators(OperatorTable& table);
void add_cast_operator(OperatorTable& table);
void add_shape_operators(OperatorTable& table);
void add_reduction_operators(OperatorTable& table);
void add_matrix_operators(OperatorTable& table);
void add_preparation_operators(OperatorTable& table);
void add_encoding_operators(OperatorTable& table);
void add_linear_operators(OperatorTable& table);
void add_svm_operators(OperatorTable& table);

// For kernels.
Error cannot_take(const std::string& op, const Array& value);
Error bad_attributes(const onnx::Node& node, const std::string& message);
Error unsupported(const std::string& what);
// Counts a negative axis from the end; invalid_argument outside [-rank, rank).
Result<std::size_t> resolve_axis(std::int64_t axis, std::size_t rank);
// Input `index` as integers, of any shape.
Result<std::vector<std::int64_t>> integer_input(const Call& call, std::size_t index);
// Rows and columns of an array seen as a matrix: a vector is one row, more dimensions fold into the columns.
std::pair<std::size_t, std::size_t> as_matrix(const Array& array);
bool all_finite(std::span<const float> values);

}  // namespace baton::inference::eigen
