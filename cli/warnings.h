// What must be known to who decides, although it stops nothing.
#pragma once

#include "cli/context.h"
#include "cli/json.h"

namespace baton::cli {

// A line on stderr for each of an object's `warnings`.
void note_warnings(Context& context, const Json& object);

}  // namespace baton::cli
