// Misspelt query parameters are refused: an answer that ignores one looks like the answer to what was asked.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "server/transport/http.h"
#include "server/transport/router.h"

namespace baton::server::native {

// invalid_argument naming the first parameter of the request that is none of `known`.
Status check_query(const Request& request, std::span<const std::string_view> known);

// The route, answering 400 to requests with query parameters that openapi.h does not describe for it.
Route with_known_query(Route route);

}  // namespace baton::server::native
