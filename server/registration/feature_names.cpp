#include "server/registration/feature_names.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace baton::server {

using nlohmann::json;

FeatureNames feature_names(const std::map<std::string, std::string>& metadata) {
    std::string key = "feature_names";
    std::string whole;
    auto piece = metadata.find(key);
    for (int number = 2; piece != metadata.end(); ++number) {  // a long list is cut into several values
        whole += piece->second;
        piece = metadata.find(key + "." + std::to_string(number));
    }
    const json names = json::parse(whole, nullptr, false);
    if (!names.is_array() || !std::ranges::all_of(names, &json::is_string)) return std::nullopt;
    return names.get<std::vector<std::string>>();
}

}  // namespace baton::server
