#include "server/oip/routes.h"

#include <algorithm>

#include "base/error_codes.h"
#include "server/inference/json_reader.h"
#include "server/inference/json_writer.h"
#include "server/oip/codec.h"
#include "server/oip/metadata.h"

namespace baton::server::oip {
namespace {

using inference::ServedVersion;
using inference::ServedVersionPtr;

// The one place where errors get their status here. A request that the model's state forbids is the client's error,
// as in the protocol's other servers.
Response refusal(const Error& error) {
    const int status = error.code == Code::failed_precondition ? 400 : http_status(error.code);
    return error_response(status, error_body(error));
}

Response route_refusal(const Request&, const Error& error, int status) {
    if (status == 404) return error_response(status, error_body(not_found("Not Found")));
    if (status == 405) return error_response(status, error_body(invalid_argument("Method Not Allowed")));
    return error_response(status, error_body(error));
}

class Exchange : public InferenceExchange {
public:
    explicit Exchange(bool binary) : binary_(binary) {}

    Result<std::vector<inference::Tensor>> decode(std::string& body, const inference::Signature& signature) override {
        if (binary_) {
            return invalid_argument("binary tensor data is not supported", "send the tensors as JSON in \"data\"");
        }
        BATON_ASSIGN(InferRequest request, decode_infer_request(body));
        BATON_ASSIGN(selected_, select_outputs(signature, request.outputs));
        id_ = std::move(request.id);
        return std::move(request.inputs);
    }

    Result<std::string> encode(const ServedVersion& version, std::span<const inference::Tensor> outputs) override {
        return encode_infer_response(
            {.model = version.model, .version = version.version, .id = id_, .outputs = outputs, .selected = selected_});
    }

    Response refuse(const Error& error) const override { return refusal(error); }

private:
    const bool binary_;
    std::optional<std::string> id_;
    std::vector<std::size_t> selected_;
};

// The model, and version if any, that the path names.
Result<InferenceTarget> target_of(const Request& request) {
    InferenceTarget target{std::string(request.parameter("model"))};
    const std::string_view segment = request.parameter("version");
    if (segment.empty()) return target;
    target.version = parse_version(segment);
    if (target.version) return target;
    return not_found("Request for unknown model: '" + target.model + "' version '" + std::string(segment) +
                     "' is not found");
}

void infer(const InferenceService& service, const std::shared_ptr<Request>& request, Responder respond) {
    const auto target = target_of(*request);
    if (!target.ok()) return respond(refusal(target.error()));
    auto exchange = std::make_unique<Exchange>(request->headers.contains("Inference-Header-Content-Length"));
    service.infer(request, *target, std::move(exchange), std::move(respond));
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

Response repository_index(const InferenceService& service, Request request) {
    bool only_ready = false;
    if (!request.body.empty()) {
        const Status read = read_json_object(request.body, [&](std::string_view key, JsonValue& value) -> Status {
            if (key != "ready") return {};
            BATON_ASSIGN(only_ready, read_bool(value, "ready"));
            return {};
        });
        if (!read.ok()) return refusal(read.error());
    }
    auto versions = service.visible_versions(request);
    if (!versions.ok()) return refusal(versions.error());
    if (only_ready) {
        std::erase_if(*versions, [](const VersionState& v) { return v.state != inference::ServingState::ready; });
    }
    return Response::json(200, encode_repository_index(*versions));
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

Response model_statistics(const InferenceService& service, const Request& request) {
    const auto version = served(service, request);
    if (!version.ok()) return refusal(version.error());
    return Response::json(200, encode_statistics(std::span(&*version, 1)));
}

}  // namespace

void add_routes(Router& router, InferenceService& service) {
    using Handler = Response (*)(const InferenceService&, const Request&);
    const auto get = [&](const std::string& pattern, Handler handler) {
        router.add({.method = Method::get, .pattern = pattern, .handler = Inline{[&service, handler](const Request& r) {
                                                                   return handler(service, r);
                                                               }}});
    };
    const auto server_metadata = [](const InferenceService& s, const Request&) {
        return Response::json(200, encode_server_metadata(s.options().server_name, s.options().server_version));
    };
    get("/v2", server_metadata);
    get("/v2/", server_metadata);
    get("/v2/health/live",
        [](const InferenceService&, const Request&) { return Response::json(200, R"({"live":true})"); });
    get("/v2/health/ready", [](const InferenceService& s, const Request&) { return server_ready(s); });
    get("/v2/models/stats", all_statistics);
    for (const std::string model : {"/v2/models/{model}", "/v2/models/{model}/versions/{version}"}) {
        get(model, model_metadata);
        get(model + "/ready", model_ready);
        get(model + "/stats", model_statistics);
        router.add({.method = Method::post,
                    .pattern = model + "/infer",
                    .handler = Async{[&service](const std::shared_ptr<Request>& request, Responder respond) {
                        infer(service, request, std::move(respond));
                    }},
                    .body_limit = service.options().body_limit});
    }
    router.add({.method = Method::post,
                .pattern = "/v2/repository/index",
                .handler = Inline{[&service](const Request& request) { return repository_index(service, request); }}});
    router.on_error("/v2", route_refusal);
}

}  // namespace baton::server::oip
