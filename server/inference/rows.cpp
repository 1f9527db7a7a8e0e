#include "server/inference/rows.h"

#include <algorithm>

namespace baton::server {

using inference::Shape;
using inference::Tensor;
using inference::TensorSpec;

std::optional<Shape> fill_open_dimension(Shape shape, std::size_t elements) {
    constexpr std::int64_t varies = -1;
    const auto open = std::ranges::find(shape, varies);
    if (open == shape.end()) return shape;
    *open = 1;
    const auto others = inference::element_count(shape);  // none when another one varies
    if (!others || *others == 0 || elements % *others != 0) return std::nullopt;
    *open = static_cast<std::int64_t>(elements / *others);
    return shape;
}

Result<Shape> row_shape(const TensorSpec& input, std::size_t elements) {
    if (input.shape.empty()) return invalid_argument("input '" + input.name + "' takes no rows");
    auto row = fill_open_dimension(Shape(input.shape.begin() + 1, input.shape.end()), elements);
    if (row && inference::element_count(*row) == elements) return *std::move(row);
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
