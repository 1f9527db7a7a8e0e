// A validation report as people see it.
#pragma once

#include <iosfwd>

#include "cli/json.h"
#include "cli/style.h"

namespace baton::cli {

// The metrics with their confidence intervals beside those of the baselines; then those of each slice and class.
void print_report(std::ostream& out, const Style& style, const Json& report);

}  // namespace baton::cli
