// The OpenAPI 3.1 description of the native API, made from its routes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/transport/router.h"

namespace baton::server::native {

// The query parameters of a route of the native API; nullopt for a route that is not described.
std::optional<std::vector<std::string_view>> query_parameters(std::string_view method, std::string_view pattern);

std::string openapi_document(const std::vector<const Route*>& routes, std::string_view version);

}  // namespace baton::server::native
