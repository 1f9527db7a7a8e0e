// MLflow's scoring requests and answers: bytes to tensors and tensors to bytes. Pure functions; no HTTP.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "inference/tensor.h"
#include "server/inference/request_memory.h"
#include "server/mlflow/frame.h"

namespace baton::server::mlflow {

// A JSON object with exactly one of `dataframe_split`, `dataframe_records`, `instances` and `inputs`, and with `params`
// or without: Baton's models take none, so they are ignored. Columns that are named as the model's inputs fill those,
// in any order, and others are left out; without any such name the columns are the row of a model with one input: in
// the order of its features, which they must be, or in their own order if the features are not known or the columns are
// called 0, 1, 2 …. invalid_argument, saying what was expected, for anything else, with the inputs and features that
// are absent in `missing`; the errors of `limits`. The capacity of `body` may grow.
Result<std::vector<inference::Tensor>> decode_scoring_json(std::string& body, const ModelColumns& model,
                                                           const DecodeLimits& limits = {});

// The same from CSV with a header line.
Result<std::vector<inference::Tensor>> decode_scoring_csv(std::string_view body, const ModelColumns& model,
                                                          const DecodeLimits& limits = {});

// {"predictions": [...]}: of one output its values, nested as its shape is, but a single column as a plain list; of
// several a record by name for each row. What is not finite becomes null. failed_precondition for several outputs that
// do not have as many rows each.
Result<std::string> encode_predictions(std::span<const inference::Tensor> outputs);

}  // namespace baton::server::mlflow
