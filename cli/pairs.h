// KEY=VALUE arguments.
#pragma once

#include <string>
#include <vector>

#include "cli/json.h"

namespace baton::cli {

// As an object of texts; the value goes on behind the first '='. invalid_argument names `option` when one is no pair.
Result<Json> parse_pairs(const std::vector<std::string>& texts, const std::string& option);

}  // namespace baton::cli
