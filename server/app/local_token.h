// `baton token create --data`: the operator's way back in when no token of an admin is good any more.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace baton::server {

struct LocalTokenOptions {
    std::string user;
    std::string name;                // empty: says how it was made
    std::vector<std::string> roles;  // empty: all of the user's
    std::vector<std::string> models;
    std::vector<std::string> environments;
    std::optional<std::chrono::seconds> expires_in;  // absent: as for other tokens
};

struct LocalToken {
    std::string id;
    std::string user;
    std::string name;
    std::vector<std::string> roles;
    std::string expires_at;  // RFC 3339
    std::string secret;      // shown once
};

// Makes a token on the data folder of a server that is not running. Whoever can write the folder is its operator and
// needs no token; the audit entry has the actor `system` and the request id `local-operator`. An older folder is
// brought to this binary's schema, as a start of the server would do. not_found: no folder, or no such user (says who
// is an admin). failed_precondition: a server has the folder open, or the user is disabled.
Result<LocalToken> create_local_token(const std::filesystem::path& data, const LocalTokenOptions& options);

}  // namespace baton::server
