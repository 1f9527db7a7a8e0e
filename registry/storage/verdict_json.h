// What the policy said of a request when it was closed, as the column holds it:
// {"decisions":[{"counts":true,"reason_not":""}],
//  "requirements":[{"explanation":…,"requirement":…,"satisfied":true}],"satisfied":true}
// with the decisions in the order of their rows.
#pragma once

#include <string>
#include <string_view>

#include "registry/objects.h"

namespace baton::registry::storage {

std::string verdict_to_json(const PromotionRequest& request);
// Fills in the evaluation, and `counts` and `reason_not` of the decisions. Throws StorageError (corrupt).
void apply_verdict(std::string_view json, PromotionRequest& request);

}  // namespace baton::registry::storage
