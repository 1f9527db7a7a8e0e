#include "cli/find_request.h"

#include <nlohmann/json.hpp>

#include "cli/print.h"

namespace baton::cli {
namespace {

Result<std::string> filter_of(Api& api, const Reference& reference) {
    std::string filter = "model = " + filter_literal(reference.model);
    if (reference.names_version()) {
        BATON_ASSIGN(const std::string number, version_number(api, reference));
        filter += " AND version = " + number;
    }
    return filter + " AND state IN ('open', 'approved')";
}

std::string listed(const Json& requests) {
    std::vector<std::string> names;
    for (const Json& request : requests) {
        names.push_back(text(request, "id") + " (" + version_name(request) + " for " + text(request, "environment") +
                        ")");
    }
    return joined(names);
}

}  // namespace

Result<std::string> version_number(Api& api, const Reference& reference) {
    if (reference.number()) return reference.selector;
    BATON_ASSIGN(const Json version, api.get(api_path({"models", reference.model, "versions", reference.selector})));
    return text(version, "version");
}

Result<Json> find_request(Api& api, const std::string& argument, const std::string& environment) {
    if (parse_number(argument)) return api.get(api_path({"requests", argument}));
    BATON_ASSIGN(const Reference reference, Reference::parse(argument));
    BATON_ASSIGN(const std::string filter, filter_of(api, reference));
    BATON_ASSIGN(const Json all, api.list({"requests"}, {{"filter", filter}}));
    Json fitting = Json::array();
    for (const Json& request : all) {
        if (environment.empty() || text(request, "environment") == environment) fitting.push_back(request);
    }
    if (fitting.size() == 1) return api.get(api_path({"requests", text(fitting.front(), "id")}));
    if (!fitting.empty()) {
        return invalid_argument(reference.text() + " has several open requests: " + listed(fitting),
                                "name one by its id, or its environment with --env");
    }
    const std::string place = environment.empty() ? "" : " for " + environment;
    return not_found("there is no open request of " + reference.text() + place,
                     all.empty() ? "open one: baton request " + reference.text() : "there is " + listed(all));
}

}  // namespace baton::cli
