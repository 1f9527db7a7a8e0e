#include "server/oip/repository.h"

#include <algorithm>

#include "server/inference/json_reader.h"
#include "server/oip/metadata.h"
#include "server/oip/refusal.h"

namespace baton::server::oip {
namespace {

Result<bool> wants_only_ready(Request& request) {
    bool only_ready = false;
    if (request.body.empty()) return only_ready;  // as clients send it, without any length
    BATON_TRY(read_json_object(request.body, [&](std::string_view key, JsonValue& value) -> Status {
        if (key != "ready") return {};
        BATON_ASSIGN(only_ready, read_bool(value, "ready"));
        return {};
    }));
    return only_ready;
}

Response index(const InferenceService& service, Request request) {
    const auto only_ready = wants_only_ready(request);
    if (!only_ready.ok()) return refusal(only_ready.error());
    auto versions = service.visible_versions(request);
    if (!versions.ok()) return refusal(versions.error());
    if (*only_ready) {
        std::erase_if(*versions, [](const VersionState& v) { return v.state != inference::ServingState::ready; });
    }
    return Response::json(200, encode_repository_index(*versions));
}

// The parameters of a load or unload: none that would change the model.
Status check_parameters(Request& request) {
    if (request.body.empty()) return {};
    const auto parameter = [](std::string_view key, JsonValue&) -> Status {
        if (key != "config" && !key.starts_with("file:")) return {};
        return Error{.code = Code::permission_denied,
                     .message = "the parameter \"" + std::string(key) + "\" would change what is served",
                     .hint = "register a version and promote it"};
    };
    return read_json_object(request.body, [&](std::string_view key, JsonValue& value) -> Status {
        if (key != "parameters" || is_null(value)) return {};
        return read_fields(value, "parameters", parameter);
    });
}

// Empty, as the protocol has it: some clients take nothing else.
Response done() { return Response::json(200, ""); }

Response load(const InferenceService& service, Request request) {
    const std::string model(request.parameter("model"));
    if (const Status allowed = service.authorize(request, model); !allowed.ok()) return refusal(allowed.error());
    if (const Status plain = check_parameters(request); !plain.ok()) return refusal(plain.error());
    const auto live = service.find({model});
    if (live.ok()) return done();
    Error error = live.error();
    error.message = "failed to load '" + model + "': " + error.message;
    if (error.code == Code::not_found) {
        error.code = Code::failed_precondition;
        error.hint = "only a promotion puts a version into service";
    }
    return refusal(error);
}

Response unload(const InferenceService& service, const Request& request) {
    const std::string model(request.parameter("model"));
    if (const Status allowed = service.authorize(request, model); !allowed.ok()) return refusal(allowed.error());
    return refusal(
        {.code = Code::permission_denied,
         .message = "failed to unload '" + model + "': what is live serves until another version takes its place",
         .hint = "promote another version, or roll back"});
}

Response no_such_repository(const InferenceService&, const Request& request) {
    return refusal({.code = Code::unimplemented,
                    .message = "there is one repository, not '" + std::string(request.parameter("repository")) + "'",
                    .hint = "POST /v2/repository/index"});
}

}  // namespace

void add_repository_routes(Router& router, InferenceService& service) {
    using Handler = Response (*)(const InferenceService&, const Request&);
    const auto post = [&](const std::string& pattern, Handler handler) {
        router.add({.method = Method::post,
                    .pattern = "/v2/repository/" + pattern,
                    .handler = Inline{[&service, handler](const Request& r) { return handler(service, r); }}});
    };
    // Every version of every model: too much for a loop.
    router.add({.method = Method::post,
                .pattern = "/v2/repository/index",
                .handler = Pooled{[&service](const Request& r) { return index(service, r); }}});
    post("{repository}/index", no_such_repository);
    post("models/{model}/load", [](const InferenceService& s, const Request& r) { return load(s, r); });
    post("models/{model}/unload", unload);
}

}  // namespace baton::server::oip
