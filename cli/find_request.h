// Finds the promotion request that an argument means.
#pragma once

#include <string>

#include "cli/api.h"
#include "cli/reference.h"

namespace baton::cli {

// `argument` is a request's id or a reference. A reference means the one request of that version (or model) that is
// still open, in `environment` unless that is empty. not_found when there is none; invalid_argument, listing them, when
// there are several.
Result<Json> find_request(Api& api, const std::string& argument, const std::string& environment = {});

// The number of the version that `reference` means now.
Result<std::string> version_number(Api& api, const Reference& reference);

}  // namespace baton::cli
