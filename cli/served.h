// Whether what was made live, or set beside it, is served: the outcome of the option --wait.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/json.h"

namespace baton::cli {

// `rule` is a slot, or a canary or shadow of a model's traffic: version, serving, message. unavailable: the version
// could not be loaded; deadline_exceeded: it is still loading. The change itself was made in either case.
Status served(const std::string& model, const Json& rule);

}  // namespace baton::cli
