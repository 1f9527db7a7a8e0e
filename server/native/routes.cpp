#include "server/native/routes.h"

#include "server/native/known_query.h"
#include "server/native/problem.h"

namespace baton::server::native {

void add_route(Router& router, Route route) { router.add(with_known_query(std::move(route))); }

void pooled(Router& router, const Api& api, Method method, std::string pattern, Handler handler) {
    add_route(router, {method, std::move(pattern),
                       Pooled{[&api, handler](const Request& request) { return handler(api, request); }}});
}

void add_routes(Router& router, const Api& api) {
    router.on_error("/", [](const Request& request, const Error& error, int status) {
        return problem(error, request_id_of(request), status);
    });
    add_model_routes(router, api);
    add_blob_routes(router, api);
    add_version_routes(router, api);
    add_file_routes(router, api);
    add_report_routes(router, api);
    add_diff_routes(router, api);
    add_request_routes(router, api);
    add_promotion_routes(router, api);
    add_traffic_routes(router, api);
    add_live_routes(router, api);
    add_identity_routes(router, api);
    add_audit_routes(router, api);
    add_meta_routes(router, api);
}

}  // namespace baton::server::native
