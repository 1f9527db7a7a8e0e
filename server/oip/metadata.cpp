#include "server/oip/metadata.h"

#include "server/inference/json_writer.h"

namespace baton::server::oip {
namespace {

using inference::ServedVersion;
using inference::ServedVersionPtr;
using inference::ServingState;

void write_tensors(JsonWriter& json, std::string_view key, const std::vector<inference::TensorSpec>& specs) {
    json.key(key).begin_list();
    for (const auto& spec : specs) {
        json.begin_object().key("name").string(spec.name);
        json.key("datatype").string(inference::data_type_name(spec.type));
        json.key("shape").begin_list();
        for (const auto extent : spec.shape) json.integer(extent);
        json.end_list().end_object();
    }
    json.end_list();
}

std::string_view repository_state(ServingState state) {
    switch (state) {
        case ServingState::loading:
            return "LOADING";
        case ServingState::ready:
            return "READY";
        case ServingState::failed:
            break;
    }
    return "UNAVAILABLE";
}

void write_duration(JsonWriter& json, std::string_view key, std::uint64_t count, std::uint64_t nanoseconds) {
    json.key(key).begin_object().key("count").integer(count).key("ns").integer(nanoseconds).end_object();
}

void write_statistics(JsonWriter& json, const ServedVersion& version) {
    const auto& counters = version.counters;
    const std::uint64_t requests = counters.requests;
    const std::uint64_t failures = std::min<std::uint64_t>(counters.failures, requests);
    const std::uint64_t nanoseconds = counters.nanoseconds;
    const std::uint64_t successes = requests - failures;
    json.begin_object();
    json.key("name").string(version.model);
    json.key("version").string(std::to_string(version.version));
    json.key("last_inference").integer(counters.last_request_ms.load());
    json.key("inference_count").integer(counters.rows.load());
    json.key("execution_count").integer(successes);
    json.key("inference_stats").begin_object();
    write_duration(json, "success", successes, nanoseconds);
    write_duration(json, "fail", failures, 0);
    write_duration(json, "queue", successes, 0);
    write_duration(json, "compute_input", successes, 0);
    write_duration(json, "compute_infer", successes, nanoseconds);
    write_duration(json, "compute_output", successes, 0);
    write_duration(json, "cache_hit", 0, 0);
    write_duration(json, "cache_miss", 0, 0);
    json.end_object();
    json.key("response_stats").begin_object().end_object();
    json.key("batch_stats").begin_list().end_list();
    json.key("memory_usage").begin_list().end_list();
    json.end_object();
}

}  // namespace

std::string encode_server_metadata(std::string_view name, std::string_view version) {
    JsonWriter json;
    json.begin_object().key("name").string(name).key("version").string(version);
    json.key("extensions").begin_list().string("model_repository").string("statistics").end_list();
    json.end_object();
    return json.take();
}

std::string encode_model_metadata(const ServedVersion& served, std::span<const ServedVersionPtr> versions) {
    const auto& signature = served.engine->signature();
    JsonWriter json;
    json.begin_object().key("name").string(served.model);
    json.key("versions").begin_list();
    for (const auto& version : versions) json.string(std::to_string(version->version));
    json.end_list();
    json.key("platform").string("onnx_onnxv1");
    write_tensors(json, "inputs", signature.inputs);
    write_tensors(json, "outputs", signature.outputs);
    json.key("properties").begin_object();
    json.key("engine").string(served.engine->engine());
    json.key("version").string(std::to_string(served.version));
    json.key("digest").string(served.digest.text());
    json.end_object().end_object();
    return json.take();
}

std::string encode_model_ready(std::string_view model, bool ready) {
    JsonWriter json;
    json.begin_object().key("name").string(model).key("ready").boolean(ready).end_object();
    return json.take();
}

std::string encode_repository_index(std::span<const VersionState> versions) {
    JsonWriter json;
    json.begin_list();
    for (const VersionState& version : versions) {
        json.begin_object().key("name").string(version.model);
        json.key("version").string(std::to_string(version.version));
        json.key("state").string(repository_state(version.state));
        json.key("reason").string(version.message).end_object();
    }
    json.end_list();
    return json.take();
}

std::string encode_statistics(std::span<const ServedVersionPtr> versions) {
    JsonWriter json;
    json.begin_object().key("model_stats").begin_list();
    for (const auto& version : versions) write_statistics(json, *version);
    json.end_list().end_object();
    return json.take();
}

}  // namespace baton::server::oip
