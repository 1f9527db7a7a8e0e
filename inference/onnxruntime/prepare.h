// What of a model is checked and changed before ONNX Runtime sees it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace baton::inference::onnxruntime {

// Checks a model that onnx::read_graph has accepted. unsupported_model, naming them, for operators that ONNX Runtime
// does not know, also inside subgraphs and functions; invalid_argument for data in other files anywhere in the model,
// and for functions of the model's own that call themselves or unfold without measure.
//
// Answers the bytes to load in the place of these: a ZipMap makes a sequence of maps, which says no more than the
// matrix that goes into it, so the matrix becomes the output; texts are normalised by a locale that every machine has;
// and loops are made so that a run can be stopped in them. nullopt when the model can stay as it is.
Result<std::optional<std::string>> prepare(std::string_view bytes);

}  // namespace baton::inference::onnxruntime
