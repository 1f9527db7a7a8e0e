#include "server/tfserving/routes.h"

#include <algorithm>

#include "base/error_codes.h"
#include "server/inference/json_writer.h"
#include "server/tfserving/codec.h"
#include "server/tfserving/examples.h"
#include "server/tfserving/metadata.h"
#include "server/tfserving/path.h"

namespace baton::server::tfserving {
namespace {

using inference::ServedVersion;
using inference::ServedVersionPtr;

// The original's status of each canonical code, where it differs from Baton's own table.
int status_of(Code code) {
    switch (code) {
        case Code::failed_precondition:
        case Code::unsupported_model:
            return 400;
        case Code::aborted:
            return 409;
        case Code::integrity:
            return 500;
        case Code::resource_exhausted:
            return 429;
        default:
            return http_status(code);
    }
}

// The one place where errors get their status here.
Response refusal(const Error& error) { return error_response(status_of(error.code), error_body(error)); }

Response malformed(const Request& request) {
    return error_response(
        400, error_body(invalid_argument("Malformed request: " + std::string(method_name(request.method)) + " " +
                                         request.path)));
}

Response route_refusal(const Request& request, const Error& error, int status) {
    if (status == 404 || status == 405) return malformed(request);
    return error_response(status, error_body(error));
}

// Which version a path names; in the original's words if there is none.
Error unknown_servable(const InferenceTarget& target) {
    return not_found("Servable not found for request: " +
                     (target.version ? "Specific(" + target.model + ", " + std::to_string(*target.version) + ")"
                                     : "Latest(" + target.model + ")"));
}

Error in_own_words(const Error& error, const InferenceTarget& target) {
    if (error.code != Code::not_found) return error;
    if (!target.environment) return unknown_servable(target);
    return invalid_argument("Unrecognized servable version label: " + *target.environment,
                            "a label is the name of an environment that the model is live in");
}

// A label is an environment: it names the version that is live there.
Result<InferenceTarget> target_of(const Path& path) {
    InferenceTarget target{path.model, {}, path.label};
    if (!path.version) return target;
    target.version = parse_version(*path.version);
    if (target.version) return target;
    return not_found("Servable not found for request: Specific(" + path.model + ", " + *path.version + ")");
}

class Exchange : public InferenceExchange {
public:
    explicit Exchange(InferenceTarget target) : target_(std::move(target)) {}
    Response refuse(const Error& error) const override { return refusal(in_own_words(error, target_)); }

protected:
    static Result<Response> answer(Result<std::string> body) {
        if (!body.ok()) return std::move(body).error();
        return Response::json(200, *std::move(body));
    }

private:
    const InferenceTarget target_;
};

class Predict final : public Exchange {
public:
    using Exchange::Exchange;

    Result<std::vector<inference::Tensor>> decode(std::string& body, const ServedVersion& version,
                                                  const DecodeLimits& limits) override {
        BATON_ASSIGN(PredictRequest request, decode_predict_request(body, version.engine->signature(), limits));
        form_ = request.form;
        return std::move(request.inputs);
    }
    Result<Response> encode(const ServedVersion&, std::span<const inference::Tensor> outputs) override {
        return answer(encode_predict_response(form_, outputs));
    }

private:
    Form form_ = Form::rows;
};

class Classify : public Exchange {
public:
    using Exchange::Exchange;

    Result<std::vector<inference::Tensor>> decode(std::string& body, const ServedVersion& version,
                                                  const DecodeLimits& limits) override {
        return decode_examples(body, version.engine->signature(), limits);
    }
    Result<Response> encode(const ServedVersion& version, std::span<const inference::Tensor> outputs) override {
        return answer(encode_classification(version.engine->signature(), outputs));
    }
};

class Regress final : public Classify {
public:
    using Classify::Classify;

    Result<Response> encode(const ServedVersion&, std::span<const inference::Tensor> outputs) override {
        return answer(encode_regression(outputs));
    }
};

std::unique_ptr<Exchange> exchange_for(std::string_view verb, const InferenceTarget& target) {
    if (verb == "predict") return std::make_unique<Predict>(target);
    if (verb == "classify") return std::make_unique<Classify>(target);
    if (verb == "regress") return std::make_unique<Regress>(target);
    return nullptr;
}

void post(const InferenceService& service, const std::shared_ptr<Request>& request, Responder respond) {
    const auto path = parse_path(request->parameter("path"));
    if (!path || path->verb.empty()) return respond(malformed(*request));
    const auto target = target_of(*path);
    if (!target.ok()) return respond(refusal(target.error()));
    auto exchange = exchange_for(path->verb, *target);
    if (!exchange) return respond(malformed(*request));
    service.infer(request, *target, std::move(exchange), std::move(respond));
}

Response list(const InferenceService& service, const Request& request) {
    const auto versions = service.visible_versions(request);
    if (!versions.ok()) return refusal(versions.error());
    return Response::json(200, encode_model_list(*versions));
}

Response status(const InferenceService& service, const InferenceTarget& target) {
    std::vector<VersionState> versions = service.versions(target.model);
    const auto served = service.find(target);
    if (target.version || target.environment) {
        const std::uint32_t wanted = served.ok() ? (*served)->version : target.version.value_or(0);
        std::erase_if(versions, [&](const VersionState& state) { return state.version != wanted; });
    }
    if (versions.empty() && !served.ok()) return refusal(in_own_words(served.error(), target));
    const std::string body = encode_status(target.model, served.ok(), versions);
    return served.ok() ? Response::json(200, body) : error_response(503, body);
}

Response metadata(const InferenceService& service, const InferenceTarget& target) {
    const auto served = service.find(target);
    if (!served.ok()) return refusal(in_own_words(served.error(), target));
    return Response::json(200, encode_metadata(**served));
}

Response get(const InferenceService& service, const Request& request) {
    const auto path = parse_path(request.parameter("path"));
    if (!path || !path->verb.empty()) return malformed(request);
    if (path->model.empty()) return list(service, request);
    const auto target = target_of(*path);
    if (!target.ok()) return refusal(target.error());
    if (const Status allowed = service.authorize(request, target->model); !allowed.ok()) {
        return refusal(allowed.error());
    }
    return path->metadata ? metadata(service, *target) : status(service, *target);
}

}  // namespace

void add_routes(Router& router, InferenceService& service) {
    // Every version of every model: too much for a loop.
    const auto all = [&service](const Request& request) { return list(service, request); };
    router.add({.method = Method::get, .pattern = "/v1/models", .handler = Pooled{all}});
    router.add({.method = Method::get,
                .pattern = "/v1/{path...}",
                .handler = Inline{[&service](const Request& request) { return get(service, request); }}});
    router.add({.method = Method::post,
                .pattern = "/v1/{path...}",
                .handler = Async{[&service](const std::shared_ptr<Request>& request, Responder respond) {
                    post(service, request, std::move(respond));
                }},
                .body_limit = service.options().body_limit});
    router.on_error("/v1", route_refusal);
}

}  // namespace baton::server::tfserving
