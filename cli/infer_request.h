// Turns the files that people have into requests of the Open Inference Protocol.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/feature_names.h"
#include "cli/json.h"

namespace baton::cli {

enum class InputFormat { json, csv };

// JSON begins with a brace or bracket, anything else is CSV.
InputFormat guess_format(std::string_view content);

struct InferBody {
    enum class Names {
        none,       // the rows have none, or name the model's inputs
        checked,    // columns were put in the order of the version's features
        unchecked,  // the features have no names to compare with: columns were taken in the order of the file
    };

    std::string text;  // the request
    Names names = Names::none;
    std::vector<std::string> columns = {};  // of the file
};

// The body of an infer request for a model whose metadata (GET /v2/models/NAME) is given. `content` is
//   - JSON: a whole request {"inputs": […]}, passed through; or rows: [[1, 2], …], [{"age": 1, …}, …]
//   - CSV with a header line.
// Columns named as the model's inputs go to those. A model with one input takes all columns: in the order of `features`
// where both have names. An empty cell, NaN and null are missing values, which numbers with a point may have.
// invalid_argument says which row and column is wrong, and which names are missing or unknown.
Result<InferBody> infer_body(const Json& metadata, const FeatureNames& features, std::string_view content,
                             InputFormat format);

}  // namespace baton::cli
