#include "cli/feature_names.h"

#include <nlohmann/json.hpp>

namespace baton::cli {

FeatureNames feature_names(const Json& version) {
    std::map<std::string, std::string> metadata;
    for (const auto& [key, value] : member(version, "metadata").items()) {
        if (value.is_string()) metadata.emplace(key, value.get<std::string>());
    }
    return server::feature_names(metadata);
}

}  // namespace baton::cli
