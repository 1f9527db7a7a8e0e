#include "server/mlflow/scoring_routes.h"

#include <algorithm>

#include "base/error_codes.h"
#include "base/text.h"
#include "server/inference/json_writer.h"
#include "server/mlflow/scoring_codec.h"

namespace baton::server::mlflow {
namespace {

using inference::ServedVersion;
using inference::Tensor;

// MLflow's names. What a model refuses is the request's fault.
std::string_view error_code(const Error& error) {
    switch (error.code) {
        case Code::unauthenticated:
            return "UNAUTHENTICATED";
        case Code::permission_denied:
            return "PERMISSION_DENIED";
        case Code::not_found:
            return "RESOURCE_DOES_NOT_EXIST";
        case Code::resource_exhausted:
        case Code::unavailable:
        case Code::deadline_exceeded:
            return "TEMPORARILY_UNAVAILABLE";
        case Code::internal:
            return "INTERNAL_ERROR";
        default:
            return error.missing.empty() ? "BAD_REQUEST" : "INVALID_PARAMETER_VALUE";
    }
}

Response refusal(const Error& error) {
    const int status = error.code == Code::failed_precondition ? 400 : http_status(error.code);
    JsonWriter json;
    json.begin_object().key("error_code").string(error_code(error));
    json.key("message").string(error_message(error)).end_object();
    return error_response(status, json.take());
}

Response route_refusal(const Request&, const Error& error, int status) {
    if (status == 404) return Response::json(404, R"({"detail":"Not Found"})");
    if (status == 405) return Response::json(405, R"({"detail":"Method Not Allowed"})");
    return refusal(error);
}

enum class Format { json, csv };

// Of the media type, whose only parameter may be charset=utf-8; nullopt for any other.
std::optional<Format> format_of(std::string_view content_type) {
    const std::size_t end = std::min(content_type.find(';'), content_type.size());
    const std::string_view type = trimmed(content_type.substr(0, end));
    if (end < content_type.size()) {
        const std::string_view parameter = trimmed(content_type.substr(end + 1));
        if (!equal_ignoring_case(parameter, "charset=utf-8") && !equal_ignoring_case(parameter, "charset=\"utf-8\"")) {
            return std::nullopt;
        }
    }
    if (equal_ignoring_case(type, "application/json")) return Format::json;
    if (equal_ignoring_case(type, "text/csv")) return Format::csv;
    return std::nullopt;
}

class Exchange final : public InferenceExchange {
public:
    explicit Exchange(Format format) : format_(format) {}

    Result<std::vector<Tensor>> decode(std::string& body, const ServedVersion& version,
                                       const DecodeLimits& limits) override {
        const ModelColumns columns{version.engine->signature(), version.feature_names};
        return format_ == Format::csv ? decode_scoring_csv(body, columns, limits)
                                      : decode_scoring_json(body, columns, limits);
    }
    Result<Response> encode(const ServedVersion&, std::span<const Tensor> outputs) override {
        BATON_ASSIGN(std::string body, encode_predictions(outputs));
        return Response::json(200, std::move(body));
    }
    Response refuse(const Error& error) const override { return refusal(error); }

private:
    const Format format_;
};

void invocations(const InferenceService& service, const std::shared_ptr<Request>& request, Responder respond) {
    const std::string model(request->parameter("model"));
    const auto format = format_of(request->headers.get("Content-Type").value_or(""));
    if (!format) {
        if (const Status allowed = service.authorize(*request, model); !allowed.ok())
            return respond(refusal(allowed.error()));
        return respond(Response::text(
            415,
            "This predictor takes the content types application/json (with no parameter but charset=utf-8) and "
            "text/csv.\n"));
    }
    service.infer(request, {model}, std::make_unique<Exchange>(*format), std::move(respond));
}

Response healthy() { return Response::json(200, "\n"); }

Response ping(const InferenceService& service) { return service.ready() ? healthy() : error_response(503, "\n"); }

Response ping_model(const InferenceService& service, const Request& request) {
    const std::string model(request.parameter("model"));
    if (const Status allowed = service.authorize(request, model); !allowed.ok()) return refusal(allowed.error());
    const auto live = service.find({model});
    return live.ok() ? healthy() : refusal(live.error());
}

}  // namespace

void add_scoring_routes(Router& router, InferenceService& service) {
    const auto get = [&](const std::string& pattern, InlineHandler handler) {
        router.add({.method = Method::get, .pattern = pattern, .handler = Inline{std::move(handler)}});
    };
    const std::string model = "/serving-endpoints/{model}";
    const auto version = [&service](const Request&) {
        return Response::text(200, service.options().server_version, "application/json");
    };
    get("/ping", [&service](const Request&) { return ping(service); });
    get("/version", version);
    get(model + "/ping", [&service](const Request& request) { return ping_model(service, request); });
    get(model + "/health", [&service](const Request& request) { return ping_model(service, request); });
    get(model + "/version", version);
    router.add({.method = Method::post,
                .pattern = model + "/invocations",
                .handler = Async{[&service](const std::shared_ptr<Request>& request, Responder respond) {
                    invocations(service, request, std::move(respond));
                }},
                .body_limit = service.options().body_limit});
    router.on_error("/serving-endpoints", route_refusal);
}

}  // namespace baton::server::mlflow
