#include "server/oip/metadata.h"

#include <algorithm>

#include "inference/batcher.h"
#include "inference/batching.h"
#include "server/inference/json_writer.h"

namespace baton::server::oip {
namespace {

using inference::DataType;
using inference::ServedVersion;
using inference::ServedVersionPtr;
using inference::ServingState;

constexpr std::string_view platform = oip_platform;

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

// In the words of a model configuration.
std::string config_type(DataType type) {
    if (type == DataType::bytes) return "TYPE_STRING";
    return "TYPE_" + std::string(inference::data_type_name(type));
}

void write_config(JsonWriter& json, std::string_view key, const std::vector<inference::TensorSpec>& specs,
                  bool batched) {
    json.key(key).begin_list();
    for (const auto& spec : specs) {
        json.begin_object().key("name").string(spec.name);
        json.key("data_type").string(config_type(spec.type));
        json.key("dims").begin_list();
        for (std::size_t i = batched ? 1 : 0; i < spec.shape.size(); ++i) json.integer(spec.shape[i]);
        json.end_list().end_object();
    }
    json.end_list();
}

// What is run together. The largest request that is taken is max_batch_size, which has nothing to do with it.
void write_batching(JsonWriter& json, const inference::Batching& batching) {
    json.key("dynamic_batching").begin_object();
    json.key("preferred_batch_size").begin_list().integer(batching.rows).end_list();
    json.key("max_queue_delay_microseconds").integer(batching.wait.count());
    json.end_object();
}

std::string_view repository_state(ServingState state) {
    switch (state) {
        case ServingState::loading:
            return "LOADING";
        case ServingState::ready:
            return "READY";
        case ServingState::draining:
            return "UNLOADING";
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
    const std::uint64_t failures = std::min(counters.failed(), requests);
    const std::uint64_t successes = requests - failures;
    const auto nanoseconds = [](std::int64_t sum) { return static_cast<std::uint64_t>(sum); };
    json.begin_object();
    json.key("name").string(version.model);
    json.key("version").string(std::to_string(version.version));
    json.key("last_inference").integer(counters.last_request_ms.load());
    json.key("inference_count").integer(counters.rows.load());
    json.key("execution_count").integer(counters.runs());
    json.key("inference_stats").begin_object();
    write_duration(json, "success", successes, nanoseconds(counters.total_time.sum()));
    write_duration(json, "fail", failures, 0);
    write_duration(json, "queue", successes, nanoseconds(counters.queue_ns));
    write_duration(json, "compute_input", successes, nanoseconds(counters.decode_ns));
    write_duration(json, "compute_infer", successes, nanoseconds(counters.engine_time.sum()));
    write_duration(json, "compute_output", successes, nanoseconds(counters.encode_ns));
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
    json.key("extensions").begin_list();
    for (const char* extension : {"binary_tensor_data", "classification", "model_configuration", "model_repository",
                                  "parameters", "schedule_policy", "statistics"}) {
        json.string(extension);
    }
    json.end_list().end_object();
    return json.take();
}

std::string encode_model_metadata(const ServedVersion& served, std::span<const ServedVersionPtr> versions) {
    const auto& signature = served.engine->signature();
    JsonWriter json;
    json.begin_object().key("name").string(served.model);
    json.key("versions").begin_list();
    for (const auto& version : versions) json.string(std::to_string(version->version));
    json.end_list();
    json.key("platform").string(platform);
    write_tensors(json, "inputs", signature.inputs);
    write_tensors(json, "outputs", signature.outputs);
    json.key("properties").begin_object();
    json.key("engine").string(served.engine->engine());
    json.key("version").string(std::to_string(served.version));
    json.key("digest").string(served.digest.text());
    json.end_object().end_object();
    return json.take();
}

std::string encode_model_config(const ServedVersion& served, std::size_t max_rows) {
    const auto& signature = served.engine->signature();
    const bool batched = inference::has_rows(signature);
    JsonWriter json;
    json.begin_object().key("name").string(served.model);
    json.key("platform").string(platform);
    json.key("backend").string(served.engine->engine());
    json.key("version_policy").begin_object().key("specific").begin_object();
    json.key("versions").begin_list().integer(served.version).end_list().end_object().end_object();
    json.key("max_batch_size").integer(batched ? max_rows : 0);
    write_config(json, "input", signature.inputs, batched);
    write_config(json, "output", signature.outputs, batched);
    if (served.batcher != nullptr) write_batching(json, served.batcher->options());
    json.key("parameters").begin_object().end_object();
    json.end_object();
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
