// Runs a model before it meets requests.
#pragma once

#include <chrono>

#include "base/result.h"
#include "inference/model.h"

namespace baton::inference {

// Runs made-up rows (zeros, empty strings) through the model until its caches are warm and answers the least time that
// one row took: ServedVersion::unmeasured_cost if the model refuses such values, which is no fault of it. Any other
// error, or an answer that does not match the signature, is one: the model must not be served.
Result<std::chrono::nanoseconds> warm_up(const Model& model);

}  // namespace baton::inference
