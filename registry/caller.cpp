#include "registry/caller.h"

#include <algorithm>
#include <array>

#include "base/joined.h"

namespace baton::registry {
namespace {

constexpr std::array<std::pair<Role, std::string_view>, 5> role_names = {{
    {Role::viewer, "viewer"},
    {Role::developer, "developer"},
    {Role::approver, "approver"},
    {Role::deployer, "deployer"},
    {Role::admin, "admin"},
}};

bool any_matches(const std::vector<std::string>& patterns, std::string_view text) {
    return patterns.empty() || std::any_of(patterns.begin(), patterns.end(),
                                           [&](const std::string& pattern) { return matches_pattern(pattern, text); });
}

std::string list_of(const Roles& roles) {
    std::string list;
    for (const Role role : roles) list += (list.empty() ? "" : ", ") + std::string(role_name(role));
    return list.empty() ? "none" : list;
}

Error denied(std::string message, std::string hint) {
    return {.code = Code::permission_denied, .message = std::move(message), .hint = std::move(hint)};
}

std::string hint_of_role(Role role) {
    return "use a token with the role " + std::string(role_name(role)) + ": an admin makes one by `baton token create`";
}

}  // namespace

std::string_view role_name(Role role) {
    for (const auto& [known, name] : role_names)
        if (known == role) return name;
    return "";
}

std::optional<Role> parse_role(std::string_view name) {
    for (const auto& [role, known] : role_names)
        if (known == name) return role;
    return std::nullopt;
}

Result<Roles> parse_roles(const std::vector<std::string>& names) {
    Roles roles;
    for (const std::string& name : names) {
        const auto role = parse_role(name);
        if (!role)
            return invalid_argument("\"" + name + "\" is no role", "roles are " + list_of(system_caller().roles));
        roles.insert(*role);
    }
    return roles;
}

bool Caller::sees(const ModelName& model) const { return any_matches(models, model.text()); }

bool Caller::may_use(const Environment& environment) const { return any_matches(environments, environment.text()); }

Caller system_caller() {
    return {.user = UserName::trusted("system"),
            .token_id = {},
            .roles = {Role::viewer, Role::developer, Role::approver, Role::deployer, Role::admin},
            .models = {},
            .environments = {}};
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
    // Greedy with one point of return: the last '*' takes one character more when what follows it does not fit.
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t star_text = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_text = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

Error unknown_model(const ModelName& model) {
    return not_found("there is no model " + model.text(), "`baton list` shows the models that you may see");
}

Status require_role(const Caller& caller, Role role) {
    if (caller.has(role)) return {};
    return denied("this needs the role " + std::string(role_name(role)) + "; this token has: " + list_of(caller.roles),
                  hint_of_role(role));
}

Status require_role(const Caller& caller, Role role, const ModelName& model) {
    if (!caller.sees(model)) return unknown_model(model);
    return require_role(caller, role);
}

Status require_creator(const Caller& caller, const ModelName& model) {
    if (caller.sees(model)) return require_role(caller, Role::developer);
    return denied("this token may only act on the models " + joined(caller.models) + ", not on " + model.text(),
                  "choose such a name, or use a token that is not limited to models");
}

Status require_read(const Caller& caller, const ModelName& model) {
    if (!caller.sees(model)) return unknown_model(model);
    return require_any_role(caller);
}

Status require_any_role(const Caller& caller) {
    if (!caller.roles.empty()) return {};
    return denied("this needs a role; this token has none", hint_of_role(Role::viewer));
}

Status require_environment(const Caller& caller, const Environment& environment) {
    if (caller.may_use(environment)) return {};
    return denied("this token may not act on the environment " + environment.text(),
                  "use a token whose environments include " + environment.text());
}

Status require_every_environment(const Caller& caller) {
    const auto& patterns = caller.environments;
    if (patterns.empty() || std::find(patterns.begin(), patterns.end(), "*") != patterns.end()) return {};
    return denied("this concerns every environment; this token may act on some only",
                  "use a token that is not limited to environments");
}

}  // namespace baton::registry
