#include "cli/pairs.h"

#include <nlohmann/json.hpp>

namespace baton::cli {

Result<Json> parse_pairs(const std::vector<std::string>& texts, const std::string& option) {
    Json out = Json::object();
    for (const std::string& pair : texts) {
        const std::size_t cut = pair.find('=');
        if (cut == std::string::npos || cut == 0) {
            return invalid_argument(option + " '" + pair + "' has no form KEY=VALUE");
        }
        out[pair.substr(0, cut)] = pair.substr(cut + 1);
    }
    return out;
}

}  // namespace baton::cli
