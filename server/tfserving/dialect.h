// What TensorFlow Serving's request bodies have in common.
#pragma once

#include "server/inference/json_reader.h"
#include "server/inference/tensor_builder.h"

namespace baton::server::tfserving {

inline constexpr TensorBuilder::Dialect tensor_dialect{.base64 = true, .non_finite = true};

// The value of "signature_name": a model has one signature, serving_default. invalid_argument for another.
Status check_signature_name(JsonValue& value);

}  // namespace baton::server::tfserving
