// Turns the files that people have into requests of the Open Inference Protocol.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/json.h"

namespace baton::cli {

enum class InputFormat { json, csv };

// JSON begins with a brace or bracket, anything else is CSV.
InputFormat guess_format(std::string_view content);

// The body of an infer request for a model whose metadata (GET /v2/models/NAME) is given. `content` is
//   - JSON: a whole request {"inputs": […]}, passed through; or rows: [[1, 2], …], [{"age": 1, …}, …]
//   - CSV with a header line.
// Columns named as the model's inputs go to those; otherwise a model with one input takes all columns in their order.
// invalid_argument says which row and column is wrong.
Result<std::string> infer_body(const Json& metadata, std::string_view content, InputFormat format);

}  // namespace baton::cli
