#include "inference/eigen/operators.h"

#include <algorithm>
#include <cmath>

namespace baton::inference::eigen {

const OperatorTable& operator_table() {
    static const OperatorTable table = [] {
        OperatorTable entries;
        add_elementwise_operators(entries);
        add_cast_operator(entries);
        add_shape_operators(entries);
        add_reduction_operators(entries);
        add_matrix_operators(entries);
        add_preparation_operators(entries);
        add_encoding_operators(entries);
        add_linear_operators(entries);
        add_svm_operators(entries);
        return entries;
    }();
    return table;
}

Error cannot_take(const std::string& op, const Array& value) {
    return invalid_argument("the operator " + op + " cannot take " + std::string(kind_name(value.kind())) +
                            " values of shape " + shape_text(value.shape()));
}

Error bad_attributes(const onnx::Node& node, const std::string& message) {
    return invalid_argument("the operator " + node.op() + " is malformed: " + message);
}

Error unsupported(const std::string& what) {
    return {.code = Code::unsupported_model, .message = "needs another engine: " + what};
}

Result<std::size_t> resolve_axis(std::int64_t axis, std::size_t rank) {
    const auto signed_rank = static_cast<std::int64_t>(rank);
    if (axis < -signed_rank || axis >= signed_rank) {
        return invalid_argument("axis " + std::to_string(axis) + " of an array with " + std::to_string(rank) +
                                " dimensions");
    }
    return static_cast<std::size_t>(axis < 0 ? axis + signed_rank : axis);
}

Result<std::vector<std::int64_t>> integer_input(const Call& call, std::size_t index) {
    if (!call.has(index) || call.in(index).kind() != Kind::integer) {
        return invalid_argument("an operator needs integers as input " + std::to_string(index));
    }
    const auto values = call.in(index).integers();
    return std::vector<std::int64_t>(values.begin(), values.end());
}

std::pair<std::size_t, std::size_t> as_matrix(const Array& array) {
    const Shape& shape = array.shape();
    if (shape.size() < 2) return {1, array.size()};
    std::size_t columns = 1;
    for (std::size_t i = 1; i < shape.size(); ++i) columns *= static_cast<std::size_t>(shape[i]);
    return {static_cast<std::size_t>(shape[0]), columns};
}

bool all_finite(std::span<const float> values) {
    return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

}  // namespace baton::inference::eigen
