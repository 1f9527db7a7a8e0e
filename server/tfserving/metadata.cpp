#include "server/tfserving/metadata.h"

#include "server/inference/json_writer.h"

namespace baton::server::tfserving {
namespace {

using inference::DataType;
using inference::ServingState;
using inference::TensorSpec;

std::string_view dtype_name(DataType type) {
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

std::string_view state_name(ServingState state) {
    switch (state) {
        case ServingState::loading:
            return "LOADING";
        case ServingState::ready:
            return "AVAILABLE";
        case ServingState::draining:
            return "UNLOADING";
        case ServingState::failed:
            break;
    }
    return "END";
}

void write_tensors(JsonWriter& json, std::string_view key, const std::vector<TensorSpec>& specs) {
    json.key(key).begin_object();
    for (const TensorSpec& spec : specs) {
        json.key(spec.name).begin_object();
        json.key("dtype").string(dtype_name(spec.type));
        json.key("tensor_shape").begin_object().key("dim").begin_list();
        for (const auto extent : spec.shape) {
            json.begin_object().key("size").string(std::to_string(extent)).key("name").string("").end_object();
        }
        json.end_list().key("unknown_rank").boolean(false).end_object();
        json.key("name").string(spec.name).end_object();
    }
    json.end_object();
}

}  // namespace

std::string encode_model_list(std::span<const VersionState> versions) {
    JsonWriter json;
    json.begin_object().key("models").begin_list();
    std::string_view last;
    for (const VersionState& version : versions) {
        if (version.model == last) continue;
        last = version.model;
        json.string(last);
    }
    json.end_list().end_object();
    return json.take();
}

std::string encode_status(std::string_view model, bool ready, std::span<const VersionState> versions) {
    JsonWriter json;
    json.begin_object().key("name").string(model).key("ready").boolean(ready);
    json.key("model_version_status").begin_list();
    for (const VersionState& version : versions) {
        const bool failed = version.state == ServingState::failed;
        json.begin_object().key("version").string(std::to_string(version.version));
        json.key("state").string(state_name(version.state));
        json.key("status").begin_object().key("error_code").string(failed ? "INTERNAL" : "OK");
        json.key("error_message").string(version.message).end_object().end_object();
    }
    json.end_list().end_object();
    return json.take();
}

std::string encode_metadata(const inference::ServedVersion& version) {
    const auto& signature = version.engine->signature();
    JsonWriter json;
    json.begin_object().key("model_spec").begin_object();
    json.key("name").string(version.model).key("signature_name").string("");
    json.key("version").string(std::to_string(version.version)).end_object();
    json.key("metadata").begin_object().key("signature_def").begin_object().key("signature_def").begin_object();
    json.key("serving_default").begin_object();
    write_tensors(json, "inputs", signature.inputs);
    write_tensors(json, "outputs", signature.outputs);
    json.key("method_name").string("tensorflow/serving/predict").end_object();
    json.end_object().end_object().end_object().end_object();
    return json.take();
}

}  // namespace baton::server::tfserving
