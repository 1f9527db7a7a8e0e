// One model in ONNX Runtime. Private to this folder.
#pragma once

#include <chrono>
#include <memory>

#include "inference/model.h"
#include "inference/onnxruntime/handles.h"
#include "inference/onnxruntime/watchdog.h"

struct OrtSession;

namespace baton::inference::onnxruntime {

// What a session needs as long as it lives.
struct Context {
    const OrtApi& api;
    std::shared_ptr<const void> environment;  // released after the last session
    std::shared_ptr<Watchdog> watchdog;
    std::chrono::seconds run_limit;
    std::chrono::seconds trial_limit;
};

// `declared` is what the file says of the model. Its inputs must be the session's; what it leaves open of the outputs'
// shapes comes from the session. unsupported_model when the session's inputs and outputs are others.
Result<std::unique_ptr<Model>> make_session_model(Context context, Handle<OrtSession> session, Signature declared);

}  // namespace baton::inference::onnxruntime
