#include "server/oip/routes.h"

#include "server/inference/json_writer.h"
#include "server/oip/codec.h"

namespace baton::server::oip {
namespace {

using inference::ServedVersion;
using inference::ServedVersionPtr;

// Who asks and which version the path names.
Result<ServedVersionPtr> asked_version(const InferenceService& service, const Request& request) {
    BATON_TRY(service.authorize(request, request.parameter("model")));
    BATON_ASSIGN(const std::optional<std::uint32_t> version, version_parameter(request));
    return service.find(request.parameter("model"), version);
}

Response infer_now(Request& request, const ServedVersion& version) {
    const auto run = [&]() -> Result<std::string> {
        BATON_ASSIGN(InferRequest asked, decode_infer_request(request.body));
        BATON_ASSIGN(const std::vector<std::size_t> selected,
                     select_outputs(version.engine->signature(), asked.outputs));
        BATON_ASSIGN(const std::vector<inference::Tensor> outputs, run_model(version, std::move(asked.inputs)));
        InferResponse response{
            .model = version.model, .version = version.version, .id = {}, .outputs = outputs, .selected = selected};
        if (asked.id) response.id = *asked.id;
        return encode_infer_response(response);
    };
    Result<std::string> body = run();
    if (!body.ok()) return inference_error(body.error());
    return inference_response(version, *std::move(body));
}

void infer(const InferenceService& service, Request&& request, Responder responder) {
    const Result<ServedVersionPtr> version = asked_version(service, request);
    if (!version.ok()) {
        responder(inference_error(version.error()));
        return;
    }
    service.answer(std::move(request), std::move(responder), *version, infer_now, inference_error);
}

void write_specs(JsonWriter& json, std::string_view name, const std::vector<inference::TensorSpec>& specs) {
    json.key(name).begin_list();
    for (const inference::TensorSpec& spec : specs) {
        json.begin_object().key("name").string(spec.name);
        json.key("datatype").string(inference::data_type_name(spec.type));
        json.key("shape").begin_list();
        for (const std::int64_t dimension : spec.shape) json.integer(dimension);
        json.end_list().end_object();
    }
    json.end_list();
}

Response metadata(const InferenceService& service, const Request& request) {
    const Result<ServedVersionPtr> version = asked_version(service, request);
    if (!version.ok()) return inference_error(version.error());
    const inference::Signature& signature = (*version)->engine->signature();
    JsonWriter json;
    json.begin_object().key("name").string((*version)->model).key("versions").begin_list();
    const auto routes = service.routes();
    if (const auto* entry = routes->find((*version)->model)) {
        for (const ServedVersionPtr& loaded : entry->versions) json.string(std::to_string(loaded->version));
    }
    json.end_list().key("platform").string("onnx_onnxv1");
    write_specs(json, "inputs", signature.inputs);
    write_specs(json, "outputs", signature.outputs);
    json.key("properties").begin_object().key("engine").string((*version)->engine->engine());
    json.key("digest").string((*version)->digest.text()).end_object().end_object();
    return inference_response(**version, json.take());
}

Response model_ready(const InferenceService& service, const Request& request) {
    const Result<ServedVersionPtr> version = asked_version(service, request);
    if (!version.ok() && version.error().code != Code::unavailable) return inference_error(version.error());
    JsonWriter json;
    json.begin_object().key("name").string(request.parameter("model"));
    json.key("ready").boolean(version.ok()).end_object();
    return Response::json(version.ok() ? 200 : 503, json.take());
}

Response server_metadata(const InferenceService& service, const Request&) {
    JsonWriter json;
    json.begin_object().key("name").string(service.options().server_name);
    json.key("version").string(service.options().server_version);
    json.key("extensions").begin_list().string("model_repository").end_list().end_object();
    return Response::json(200, json.take());
}

// What is loaded, to callers who may use the model.
Response repository_index(const InferenceService& service, const Request& request) {
    const auto routes = service.routes();
    JsonWriter json;
    json.begin_list();
    for (const auto& entry : routes->entries) {
        const Status allowed = service.authorize(request, entry.model);
        if (!allowed.ok() && allowed.error().code == Code::unauthenticated) return inference_error(allowed.error());
        if (!allowed.ok()) continue;
        for (const ServedVersionPtr& version : entry.versions) {
            json.begin_object().key("name").string(entry.model).key("version").string(std::to_string(version->version));
            json.key("state").string("READY").key("reason").string("").end_object();
        }
    }
    return Response::json(200, json.end_list().take());
}

}  // namespace

void add_routes(Router& router, const InferenceService& service) {
    using Handler = Response (*)(const InferenceService&, const Request&);
    const auto quick = [&](Method method, std::string pattern, Handler handler) {
        router.add({method, std::move(pattern),
                    Inline{[&service, handler](const Request& request) { return handler(service, request); }}});
    };
    router.on_error("/v2", [](const Request&, const Error& error, int status) {
        return Response::json(status, status == 404 ? R"({"error":"Not Found"})" : error_body(error));
    });
    const Handler live = [](const InferenceService&, const Request&) {
        return Response::json(200, R"({"live":true})");
    };
    const Handler ready = [](const InferenceService&, const Request&) {
        return Response::json(200, R"({"live":true,"ready":true})");
    };
    quick(Method::get, "/v2/health/live", live);
    quick(Method::get, "/v2/health/ready", ready);
    quick(Method::get, "/v2", server_metadata);
    quick(Method::get, "/v2/", server_metadata);
    quick(Method::post, "/v2/repository/index", repository_index);
    for (const std::string model : {"/v2/models/{model}", "/v2/models/{model}/versions/{version}"}) {
        quick(Method::get, model, metadata);
        quick(Method::get, model + "/ready", model_ready);
        router.add({Method::post, model + "/infer", Async{[&service](Request&& request, Responder responder) {
                        infer(service, std::move(request), std::move(responder));
                    }},
                    service.options().body_limit});
    }
}

}  // namespace baton::server::oip
