#include "server/oip/routes.h"

#include <algorithm>

#include "base/text.h"
#include "server/inference/json_writer.h"
#include "server/oip/codec.h"
#include "server/oip/metadata.h"
#include "server/oip/refusal.h"
#include "server/oip/repository.h"

namespace baton::server::oip {
namespace {

using inference::ServedVersion;
using inference::ServedVersionPtr;

constexpr std::string_view json_size_header = "Inference-Header-Content-Length";

Response route_refusal(const Request&, const Error& error, int status) {
    if (status == 404) return error_response(status, error_body(not_found("Not Found")));
    if (status == 405) return error_response(status, error_body(invalid_argument("Method Not Allowed")));
    return error_response(status, error_body(error));
}

// Where the JSON of a body ends, if its head says so.
Result<std::optional<std::size_t>> json_size_of(const Request& request) {
    const auto text = request.headers.get(json_size_header);
    if (!text) return std::optional<std::size_t>();
    if (const auto size = parse_whole<std::size_t>(*text)) return size;
    return invalid_argument(std::string(json_size_header) + " is '" + std::string(*text) +
                            "', expected a number of bytes");
}

class Exchange : public InferenceExchange {
public:
    explicit Exchange(const Request& request) : json_size_(json_size_of(request)) {}

    Result<std::vector<inference::Tensor>> decode(std::string& body, const ServedVersion& version,
                                                  const DecodeLimits& limits) override {
        const inference::Signature& signature = version.engine->signature();
        BATON_ASSIGN(const std::optional<std::size_t> json_size, json_size_);
        BATON_ASSIGN(InferRequest request, json_size == 0U ? decode_raw_request(body, signature, limits)
                                                           : decode_infer_request(body, json_size, limits));
        BATON_ASSIGN(selected_, select_outputs(signature, request));
        id_ = std::move(request.id);
        timeout_ = request.timeout;
        return std::move(request.inputs);
    }

    std::optional<std::chrono::microseconds> timeout() const override { return timeout_; }

    Result<Response> encode(const ServedVersion& version, std::span<const inference::Tensor> outputs) override {
        BATON_ASSIGN(EncodedResponse encoded, encode_infer_response({.model = version.model,
                                                                     .version = version.version,
                                                                     .id = id_,
                                                                     .signature = version.engine->signature(),
                                                                     .outputs = outputs,
                                                                     .selected = selected_}));
        if (!encoded.json_size) return Response::json(200, std::move(encoded.body));
        Response response = Response::text(200, std::move(encoded.body), "application/octet-stream");
        response.headers.add(json_size_header, std::to_string(*encoded.json_size));
        return response;
    }

    Response refuse(const Error& error) const override { return refusal(error); }

private:
    const Result<std::optional<std::size_t>> json_size_;
    std::optional<std::string> id_;
    std::optional<std::chrono::microseconds> timeout_;
    std::vector<Selected> selected_;
};

// The model, and version if any, that the path names.
Result<InferenceTarget> target_of(const Request& request) {
    return parse_target(request.parameter("model"), request.parameter("version"));
}

void infer(const InferenceService& service, const std::shared_ptr<Request>& request, Responder respond) {
    const auto target = target_of(*request);
    if (!target.ok()) return respond(refusal(target.error()));
    service.infer(request, *target, std::make_unique<Exchange>(*request), std::move(respond));
}

Result<ServedVersionPtr> served(const InferenceService& service, const Request& request) {
    BATON_ASSIGN(const InferenceTarget target, target_of(request));
    BATON_TRY(service.authorize(request, target.model));
    return service.find(target);
}

Response model_metadata(const InferenceService& service, const Request& request) {
    const auto version = served(service, request);
    if (!version.ok()) return refusal(version.error());
    const auto routes = service.routes();
    const auto* entry = routes->find((*version)->model);
    const auto versions = entry != nullptr ? std::span(entry->versions) : std::span(&*version, 1);
    return Response::json(200, encode_model_metadata(**version, versions));
}

Response model_ready(const InferenceService& service, const Request& request) {
    const auto version = served(service, request);
    if (version.ok()) return Response::json(200, encode_model_ready((*version)->model, true));
    if (version.error().code != Code::unavailable) return refusal(version.error());
    return error_response(503, encode_model_ready(request.parameter("model"), false));
}

Response server_ready(const InferenceService& service) {
    if (service.ready()) return Response::json(200, R"({"live":true,"ready":true})");
    return error_response(503, R"({"live":true,"ready":false})");
}

Response all_statistics(const InferenceService& service, const Request& request) {
    const auto visible = service.visible_versions(request);
    if (!visible.ok()) return refusal(visible.error());
    std::vector<ServedVersionPtr> versions;
    for (const VersionState& state : *visible) {
        if (auto version = service.find({state.model, state.version}); version.ok()) versions.push_back(*version);
    }
    return Response::json(200, encode_statistics(versions));
}

// Of the version that is named, or of all that are loaded.
Response model_statistics(const InferenceService& service, const Request& request) {
    const auto version = served(service, request);
    if (!version.ok()) return refusal(version.error());
    const auto routes = service.routes();
    const auto* entry = request.parameter("version").empty() ? routes->find((*version)->model) : nullptr;
    return Response::json(200,
                          encode_statistics(entry != nullptr ? std::span(entry->versions) : std::span(&*version, 1)));
}

Response model_config(const InferenceService& service, const Request& request) {
    const auto version = served(service, request);
    if (!version.ok()) return refusal(version.error());
    return Response::json(200, encode_model_config(**version, service.options().max_rows));
}

}  // namespace

void add_routes(Router& router, InferenceService& service) {
    using Handler = Response (*)(const InferenceService&, const Request&);
    const auto add = [&](Method method, const std::string& pattern, Handler handler) {
        router.add({.method = method, .pattern = pattern, .handler = Inline{[&service, handler](const Request& r) {
                                                              return handler(service, r);
                                                          }}});
    };
    const auto server_metadata = [](const InferenceService& s, const Request&) {
        return Response::json(200, encode_server_metadata(s.options().server_name, s.options().server_version));
    };
    add(Method::get, "/v2", server_metadata);
    add(Method::get, "/v2/", server_metadata);
    add(Method::get, "/v2/health/live",
        [](const InferenceService&, const Request&) { return Response::json(200, R"({"live":true})"); });
    add(Method::get, "/v2/health/ready", [](const InferenceService& s, const Request&) { return server_ready(s); });
    // Every version of every model: too much for a loop.
    const auto statistics = [&service](const Request& request) { return all_statistics(service, request); };
    router.add({.method = Method::get, .pattern = "/v2/models/stats", .handler = Pooled{statistics}});
    for (const std::string model : {"/v2/models/{model}", "/v2/models/{model}/versions/{version}"}) {
        add(Method::get, model, model_metadata);
        add(Method::get, model + "/ready", model_ready);
        add(Method::get, model + "/stats", model_statistics);
        add(Method::get, model + "/config", model_config);
        router.add({.method = Method::post,
                    .pattern = model + "/infer",
                    .handler = Async{[&service](const std::shared_ptr<Request>& request, Responder respond) {
                        infer(service, request, std::move(respond));
                    }},
                    .body_limit = service.options().body_limit});
    }
    add_repository_routes(router, service);
    router.on_error("/v2", route_refusal);
}

}  // namespace baton::server::oip
