#include "cli/feature_names.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace baton::cli {

FeatureNames feature_names(const Json& version) {
    const Json& metadata = member(version, "metadata");
    const std::string key = "feature_names";
    std::string whole = text(metadata, key);
    for (int number = 2;; ++number) {  // a long list is cut into several values
        const std::string piece = text(metadata, key + "." + std::to_string(number));
        if (piece.empty()) break;
        whole += piece;
    }
    const auto names = parse_json(whole, key);
    if (!names.ok() || !names->is_array()) return std::nullopt;
    if (!std::all_of(names->begin(), names->end(), [](const Json& name) { return name.is_string(); })) {
        return std::nullopt;
    }
    return names->get<std::vector<std::string>>();
}

}  // namespace baton::cli
