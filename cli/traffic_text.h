// Traffic rules as people see them; shared by the verbs that change and show them.
#pragma once

#include <iosfwd>

#include "cli/json.h"
#include "cli/style.h"

namespace baton::cli {

void print_traffic(std::ostream& out, const Style& style, const Json& traffic);

}  // namespace baton::cli
