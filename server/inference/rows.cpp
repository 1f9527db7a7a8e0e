#include "server/inference/rows.h"

#include <algorithm>

namespace baton::server {

using inference::Shape;
using inference::Tensor;
using inference::TensorSpec;

Result<Shape> row_shape(const TensorSpec& input, std::size_t elements) {
    constexpr std::int64_t varies = -1;
    if (input.shape.empty()) return invalid_argument("input '" + input.name + "' takes no rows");
    Shape row(input.shape.begin() + 1, input.shape.end());
    if (std::ranges::count(row, varies) == 1) {
        const auto open = std::ranges::find(row, varies);
        *open = 1;
        const std::size_t others = inference::element_count(row).value_or(0);
        *open = static_cast<std::int64_t>(others == 0 ? 0 : elements / others);
    }
    if (inference::element_count(row) == elements) return row;
    return invalid_argument("input '" + input.name + "' has " + std::to_string(elements) +
                            " values in a row, but its shape is " + inference::shape_text(input.shape));
}

Shape with_rows(const Shape& row, std::size_t rows) {
    Shape shape = {static_cast<std::int64_t>(rows)};
    shape.insert(shape.end(), row.begin(), row.end());
    return shape;
}

Status write_nested(JsonWriter& json, const Tensor& tensor, std::size_t level, std::size_t begin,
                    JsonWriter::BytesAs bytes) {
    const Shape& shape = tensor.shape();
    if (level == shape.size()) return json.elements(tensor, begin, begin + 1, bytes);
    const auto length = static_cast<std::size_t>(shape[level]);
    json.begin_list();
    if (level + 1 == shape.size()) {
        BATON_TRY(json.elements(tensor, begin, begin + length, bytes));
    } else {
        const Shape inner(shape.begin() + static_cast<std::ptrdiff_t>(level) + 1, shape.end());
        const std::size_t stride = inference::element_count(inner).value_or(0);
        for (std::size_t i = 0; i < length; ++i) {
            BATON_TRY(write_nested(json, tensor, level + 1, begin + i * stride, bytes));
        }
    }
    json.end_list();
    return {};
}

}  // namespace baton::server
