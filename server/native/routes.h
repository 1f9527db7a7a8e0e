// The native API under /api/v1, one endpoint family a file. Contract: docs/api.md.
#pragma once

#include <string>

#include "server/native/api.h"
#include "server/transport/router.h"

namespace baton::server::native {

using Handler = Response (*)(const Api&, const Request&);

// Adds a route of the native API. Query parameters that its description does not have are refused.
void add_route(Router& router, Route route);

// The same of a route whose handler runs on the worker pool, as all do that touch the store.
void pooled(Router& router, const Api& api, Method method, std::string pattern, Handler handler);

// All families below, and the problem+json shape of errors that no handler made. The Api must outlive the router.
void add_routes(Router& router, const Api& api);

void add_model_routes(Router& router, const Api& api);
void add_blob_routes(Router& router, const Api& api);
void add_version_routes(Router& router, const Api& api);
void add_file_routes(Router& router, const Api& api);
void add_report_routes(Router& router, const Api& api);
void add_diff_routes(Router& router, const Api& api);
void add_request_routes(Router& router, const Api& api);
void add_promotion_routes(Router& router, const Api& api);
void add_traffic_routes(Router& router, const Api& api);
void add_live_routes(Router& router, const Api& api);
void add_identity_routes(Router& router, const Api& api);
void add_audit_routes(Router& router, const Api& api);
void add_meta_routes(Router& router, const Api& api);  // after all others: it describes them

}  // namespace baton::server::native
