#include "cli/find_version.h"

#include <nlohmann/json.hpp>

namespace baton::cli {

Result<FoundVersion> find_version(Api& api, std::string_view which) {
    BATON_ASSIGN(const Reference reference, parse_version_reference(which));
    if (const auto number = reference.number()) return FoundVersion{reference.model, *number};
    BATON_ASSIGN(const Json version, api.get(api_path({"models", reference.model, "versions", reference.selector})));
    return FoundVersion{reference.model, member(version, "version").get<std::int64_t>()};
}

Status known_model(Api& api, const std::string& model) {
    const auto found = api.get(api_path({"models", model}));
    if (!found.ok() && found.error().code == Code::not_found) return found.error();
    return {};
}

}  // namespace baton::cli
