// Who asks, and what that lets them do.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/result.h"
#include "registry/names.h"

namespace baton::registry {

enum class Role { viewer, developer, approver, deployer, admin };
std::string_view role_name(Role role);
std::optional<Role> parse_role(std::string_view name);
using Roles = std::set<Role>;
// invalid_argument for a name that is none.
Result<Roles> parse_roles(const std::vector<std::string>& names);

// A principal with the rights of the credential it came with. Every role may read; admin manages users, tokens and
// policies and gets no right to register, approve or promote by that.
struct Caller {
    UserName user;
    std::string token_id;                      // empty for the system itself
    Roles roles;                               // of the token: a subset of the user's
    std::vector<std::string> models;           // patterns with '*'; empty: all
    std::vector<std::string> environments;     // patterns with '*'; empty: all
    std::optional<Timestamp> expires_at = {};  // of the token

    bool has(Role role) const { return roles.contains(role); }
    bool sees(const ModelName& model) const;
    bool may_use(const Environment& environment) const;
};

// The server itself: automatic actions.
Caller system_caller();

// The answer for a model that is not there, and for one that the caller may not see.
Error unknown_model(const ModelName& model);

// '*' matches any run of characters.
bool matches_pattern(std::string_view pattern, std::string_view text);

// permission_denied, saying which roles would do; not_found when the model is outside what the caller may see.
Status require_role(const Caller& caller, Role role);
Status require_role(const Caller& caller, Role role, const ModelName& model);
// For what makes the model if it is not there: permission_denied also outside of what the caller may see.
Status require_creator(const Caller& caller, const ModelName& model);
Status require_read(const Caller& caller, const ModelName& model);
Status require_any_role(const Caller& caller);  // for lists over many models
Status require_environment(const Caller& caller, const Environment& environment);
Status require_every_environment(const Caller& caller);  // those too that nobody has named yet

struct Idempotency {
    std::string key;     // 1 to 255 visible ASCII characters
    Digest fingerprint;  // of method, path, body and the rights of the caller
};

// One request to the domain.
struct Call {
    Caller caller;
    std::string request_id;
    std::optional<Idempotency> idempotency;
};

}  // namespace baton::registry
