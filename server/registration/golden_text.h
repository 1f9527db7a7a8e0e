// Golden outputs as the registry keeps them: JSON, described in docs/formats.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "inference/golden.h"

namespace baton::server {

// "" for outputs that JSON cannot carry (text that is no UTF-8).
std::string golden_text(const inference::Golden& golden);
// internal for what golden_text() does not write.
Result<inference::Golden> parse_golden(std::string_view text);

}  // namespace baton::server
