// The OpenAPI 3.1 description of the native API, made from its routes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/transport/router.h"

namespace baton::server::native {

std::string openapi_document(const std::vector<const Route*>& routes, std::string_view version);

}  // namespace baton::server::native
