// What this server is: its version and the description of its API. Open to all.
#include "server/native/json_out.h"
#include "server/native/openapi.h"
#include "server/native/routes.h"

namespace baton::server::native {

void add_meta_routes(Router& router, const Api& api) {
    add_route(router, {Method::get, "/api/v1/version", Inline{[&api](const Request&) {
                           const auto& runtime = api.engines().runtime();
                           return Response::json(
                               200, "{\"name\":\"baton\",\"version\":" + json_string(api.options().version) +
                                        ",\"api\":\"v1\",\"onnxruntime\":" +
                                        (runtime.ok() ? json_string((*runtime)->version()) : "null") + "}");
                       }}});
    // Made when it is asked for: by then every route is there.
    add_route(router, {Method::get, "/api/v1/openapi.json", Pooled{[&api, &router](const Request&) {
                           return Response::json(200, openapi_document(router.routes(), api.options().version));
                       }}});
}

}  // namespace baton::server::native
