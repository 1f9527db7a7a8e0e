// Who sends a request: the token in its Authorization header.
#pragma once

#include <string>

#include "base/result.h"
#include "registry/caller.h"
#include "registry/identity.h"
#include "server/transport/http.h"

namespace baton::server {

// The token of `Authorization: Bearer …`, or the password of `Authorization: Basic …`. unauthenticated when there is
// none or the header is malformed.
Result<std::string> request_token(const Request& request);

Result<registry::Caller> authenticate(const Request& request, const registry::Authenticator& authenticator);

}  // namespace baton::server
