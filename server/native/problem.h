// Errors of the native API as application/problem+json.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "server/transport/http.h"

namespace baton::server::native {

// `status` overrides the code's own (405 has no code of its own).
Response problem(const Error& error, std::string_view request_id, int status = 0);

// The request's own id when it is sane (1 to 64 of A-Z a-z 0-9 . _ -), else a new random one.
std::string request_id_of(const Request& request);

}  // namespace baton::server::native
