#include "inference/onnxruntime/handles.h"

#include <onnxruntime_c_api.h>

#include "base/encoding.h"

namespace baton::inference::onnxruntime {
namespace {

Code code_of(OrtErrorCode code) {
    switch (code) {
        case ORT_INVALID_ARGUMENT:
        case ORT_INVALID_GRAPH:
        case ORT_INVALID_PROTOBUF:
            return Code::invalid_argument;
        case ORT_NOT_IMPLEMENTED:
            return Code::unsupported_model;
        case ORT_MODEL_LOAD_CANCELED:
            return Code::deadline_exceeded;
        default:
            return Code::internal;
    }
}

// Messages carry names from the model and may be pages long.
std::string readable(std::string message) {
    constexpr std::size_t kMaxMessage = 400;
    if (message.size() > kMaxMessage) message = message.substr(0, kMaxMessage) + " …";
    return is_valid_utf8(message) ? message : "its message is no text";
}

}  // namespace

Status checked(const OrtApi& api, OrtStatus* status) {
    if (status == nullptr) return {};
    const Handle<OrtStatus> owned(status, {api.ReleaseStatus});
    return Error{.code = code_of(api.GetErrorCode(status)),
                 .message = "ONNX Runtime: " + readable(api.GetErrorMessage(status))};
}

}  // namespace baton::inference::onnxruntime
