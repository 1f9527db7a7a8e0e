// The names of a model's features, as a version's metadata keeps them (docs/formats.md).
#pragma once

#include "cli/json.h"
#include "server/registration/feature_names.h"

namespace baton::cli {

using server::FeatureNames;

// Those of a version document; nullopt when it has none, or none that can be read.
FeatureNames feature_names(const Json& version);

}  // namespace baton::cli
