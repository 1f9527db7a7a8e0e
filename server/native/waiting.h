// Routes that change the live set and, with `?wait=ready`, answer when the change is served.
#pragma once

#include <string>

#include "server/native/routes.h"

namespace baton::server::native {

// The header that an answer of such a change carries: the live-set revision that it made.
inline constexpr const char* live_revision_header = "X-Live-Revision";

// The answer of a change that is served now (or whose version failed to load): the same, as things are since then.
using Refresh = Response (*)(const Api&, const Request&, Response changed);

// Adds a route whose change runs on the worker pool; waiting for it holds no thread.
void waiting(Router& router, const Api& api, Method method, std::string pattern, Handler change, Refresh refresh);

}  // namespace baton::server::native
