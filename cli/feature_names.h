// The names of a model's features, as a version's metadata keeps them (docs/formats.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/json.h"

namespace baton::cli {

using FeatureNames = std::optional<std::vector<std::string>>;  // in the order in which the model takes them

// Those of a version document; nullopt when it has none, or none that can be read.
FeatureNames feature_names(const Json& version);

}  // namespace baton::cli
