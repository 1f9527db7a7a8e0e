// Lifetimes as people write them.
#pragma once

#include <chrono>
#include <string_view>

#include "base/result.h"

namespace baton::cli {

// A positive whole number and s, m, h, d or w: 90d.
Result<std::chrono::seconds> parse_duration(std::string_view text);

}  // namespace baton::cli
