#include "server/kserve/routes.h"

#include "base/error_codes.h"
#include "server/inference/json_writer.h"

namespace baton::server::kserve {
namespace {

Response refusal(const Error& error) { return error_response(http_status(error.code), error_body(error)); }

Response explain(const InferenceService& service, const Request& request) {
    const std::string model(request.parameter("model"));
    if (const Status allowed = service.authorize(request, model); !allowed.ok()) return refusal(allowed.error());
    if (const auto live = service.find({model}); !live.ok()) return refusal(live.error());
    return refusal({.code = Code::unimplemented,
                    .message = "explanations are not supported",
                    .hint = "ask for predictions with :predict"});
}

}  // namespace

void add_routes(Router& router, InferenceService& service) {
    router.add({.method = Method::get, .pattern = "/", .handler = Inline{[](const Request&) {
                                                           return Response::json(200, R"({"status":"alive"})");
                                                       }}});
    router.add({.method = Method::post,
                .pattern = "/v1/models/{model}:explain",
                .handler = Inline{[&service](const Request& request) { return explain(service, request); }},
                .body_limit = service.options().body_limit});
}

}  // namespace baton::server::kserve
