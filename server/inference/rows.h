// Tensors row by row, as the protocols see them that send and answer records.
#pragma once

#include <cstddef>
#include <optional>

#include "base/result.h"
#include "inference/model.h"
#include "inference/tensor.h"
#include "server/inference/json_writer.h"

namespace baton::server {

// The shape with its one dimension that varies, if it has one, as so many elements leave it; nullopt when more than one
// varies or the elements do not come out even. Whether they fit a shape where none varies is the caller's to see.
std::optional<inference::Shape> fill_open_dimension(inference::Shape shape, std::size_t elements);

// The shape of a row of so many elements under an input whose first dimension counts the rows: as the input declares
// it, but for one dimension that may follow from the elements. invalid_argument if they do not fit.
Result<inference::Shape> row_shape(const inference::TensorSpec& input, std::size_t elements);

inference::Shape with_rows(const inference::Shape& row, std::size_t rows);

// The elements from `begin` on that the dimensions from `level` on span, as lists of lists.
Status write_nested(JsonWriter& json, const inference::Tensor& tensor, std::size_t level, std::size_t begin,
                    JsonWriter::BytesAs bytes = JsonWriter::BytesAs::text);

}  // namespace baton::server
