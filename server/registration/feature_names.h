// The names of a model's features, as a version's metadata keeps them (docs/formats.md).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace baton::server {

using FeatureNames = std::optional<std::vector<std::string>>;  // in the order in which the model takes them

// nullopt when there are none, or none that can be read.
FeatureNames feature_names(const std::map<std::string, std::string>& metadata);

}  // namespace baton::server
