#include "server/tfserving/routes.h"

#include "server/inference/json_writer.h"
#include "server/tfserving/codec.h"

namespace baton::server::tfserving {
namespace {

using inference::DataType;
using inference::ServedVersion;
using inference::ServedVersionPtr;

// The protocol's own words for what is not there.
Error in_its_words(Error error, std::string_view model, std::optional<std::uint32_t> version) {
    if (error.code != Code::not_found) return error;
    const std::string which = version ? "Specific(" + std::string(model) + ", " + std::to_string(*version) + ")"
                                      : "Latest(" + std::string(model) + ")";
    return not_found("Servable not found for request: " + which);
}

Result<ServedVersionPtr> asked_version(const InferenceService& service, const Request& request) {
    const std::string_view model = request.parameter("model");
    BATON_TRY(service.authorize(request, model));
    BATON_ASSIGN(const std::optional<std::uint32_t> version, version_parameter(request));
    Result<ServedVersionPtr> found = service.find(model, version);
    if (!found.ok()) return in_its_words(found.error(), model, version);
    return found;
}

Response predict_now(Request& request, const ServedVersion& version) {
    const auto run = [&]() -> Result<std::string> {
        BATON_ASSIGN(PredictRequest asked, decode_predict_request(request.body, version.engine->signature()));
        BATON_ASSIGN(const std::vector<inference::Tensor> outputs, run_model(version, std::move(asked.inputs)));
        return encode_predict_response(asked.form, outputs);
    };
    Result<std::string> body = run();
    if (!body.ok()) return inference_error(body.error());
    return inference_response(version, *std::move(body));
}

void predict(const InferenceService& service, Request&& request, Responder responder) {
    const Result<ServedVersionPtr> version = asked_version(service, request);
    if (!version.ok()) {
        responder(inference_error(version.error()));
        return;
    }
    service.answer(std::move(request), std::move(responder), *version, predict_now, inference_error);
}

std::string_view tensorflow_name(DataType type) {
    switch (type) {
        case DataType::boolean:
            return "DT_BOOL";
        case DataType::uint8:
            return "DT_UINT8";
        case DataType::uint16:
            return "DT_UINT16";
        case DataType::uint32:
            return "DT_UINT32";
        case DataType::uint64:
            return "DT_UINT64";
        case DataType::int8:
            return "DT_INT8";
        case DataType::int16:
            return "DT_INT16";
        case DataType::int32:
            return "DT_INT32";
        case DataType::int64:
            return "DT_INT64";
        case DataType::fp16:
            return "DT_HALF";
        case DataType::bf16:
            return "DT_BFLOAT16";
        case DataType::fp32:
            return "DT_FLOAT";
        case DataType::fp64:
            return "DT_DOUBLE";
        case DataType::bytes:
            return "DT_STRING";
    }
    return "DT_INVALID";
}

void write_specs(JsonWriter& json, std::string_view name, const std::vector<inference::TensorSpec>& specs) {
    json.key(name).begin_object();
    for (const inference::TensorSpec& spec : specs) {
        json.key(spec.name).begin_object().key("dtype").string(tensorflow_name(spec.type));
        json.key("tensor_shape").begin_object().key("dim").begin_list();
        for (const std::int64_t dimension : spec.shape) {
            json.begin_object().key("size").string(std::to_string(dimension)).key("name").string("").end_object();
        }
        json.end_list().key("unknown_rank").boolean(false).end_object();
        json.key("name").string(spec.name).end_object();
    }
    json.end_object();
}

Response metadata(const InferenceService& service, const Request& request) {
    const Result<ServedVersionPtr> version = asked_version(service, request);
    if (!version.ok()) return inference_error(version.error());
    const inference::Signature& signature = (*version)->engine->signature();
    JsonWriter json;
    json.begin_object().key("model_spec").begin_object().key("name").string((*version)->model);
    json.key("signature_name").string("").key("version").string(std::to_string((*version)->version)).end_object();
    json.key("metadata").begin_object().key("signature_def").begin_object().key("signature_def").begin_object();
    json.key("serving_default").begin_object();
    write_specs(json, "inputs", signature.inputs);
    write_specs(json, "outputs", signature.outputs);
    json.key("method_name").string("tensorflow/serving/predict");
    json.end_object().end_object().end_object().end_object().end_object();
    return inference_response(**version, json.take());
}

// One body for both dialects: TensorFlow Serving reads model_version_status, KServe reads name and ready.
Response status(const InferenceService& service, const Request& request) {
    const Result<ServedVersionPtr> version = asked_version(service, request);
    if (!version.ok()) return inference_error(version.error());
    JsonWriter json;
    json.begin_object().key("name").string((*version)->model).key("ready").boolean(true);
    json.key("model_version_status").begin_list();
    json.begin_object().key("version").string(std::to_string((*version)->version)).key("state").string("AVAILABLE");
    json.key("status").begin_object().key("error_code").string("OK").key("error_message").string("").end_object();
    json.end_object();
    json.end_list().end_object();
    return inference_response(**version, json.take());
}

Response list(const InferenceService& service, const Request& request) {
    const auto routes = service.routes();
    JsonWriter json;
    json.begin_object().key("models").begin_list();
    for (const auto& entry : routes->entries) {
        const Status allowed = service.authorize(request, entry.model);
        if (!allowed.ok() && allowed.error().code == Code::unauthenticated) return inference_error(allowed.error());
        if (allowed.ok() && entry.live) json.string(entry.model);
    }
    return Response::json(200, json.end_list().end_object().take());
}

}  // namespace

void add_routes(Router& router, const InferenceService& service) {
    using Handler = Response (*)(const InferenceService&, const Request&);
    const auto quick = [&](std::string pattern, Handler handler) {
        router.add({Method::get, std::move(pattern),
                    Inline{[&service, handler](const Request& request) { return handler(service, request); }}});
    };
    router.on_error("/v1", [](const Request& request, const Error& error, int status) {
        if (status != 404) return Response::json(status, error_body(error));
        const std::string line = std::string(method_name(request.method)) + " " + request.path;
        return Response::json(400, error_body(invalid_argument("Malformed request: " + line)));
    });
    quick("/v1/models", list);
    for (const std::string model : {"/v1/models/{model}", "/v1/models/{model}/versions/{version}"}) {
        quick(model, status);
        quick(model + "/metadata", metadata);
        router.add({Method::post, model + ":predict", Async{[&service](Request&& request, Responder responder) {
                        predict(service, std::move(request), std::move(responder));
                    }},
                    service.options().body_limit});
    }
}

}  // namespace baton::server::tfserving
