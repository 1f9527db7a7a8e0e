#include "inference/onnxruntime/runtime.h"

#include <onnxruntime_c_api.h>
#include <onnxruntime_session_options_config_keys.h>

#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "inference/eigen/plan.h"
#include "inference/onnxruntime/library.h"
#include "inference/onnxruntime/prepare.h"
#include "inference/onnxruntime/session.h"

namespace baton::inference::onnxruntime {

struct Runtime::Impl {
    Library library;
    Options options;
    std::shared_ptr<OrtEnv> environment;

    const OrtApi& api() const { return *library.api; }
};

namespace {

// Requests are answered side by side, each on one thread: a model with threads of its own would only take them from
// the others, and threads that spin while they wait would take whole processors.
Result<Handle<OrtThreadingOptions>> threading_options(const OrtApi& api) {
    BATON_ASSIGN(auto threads,
                 make_handle<OrtThreadingOptions>(api, api.ReleaseThreadingOptions, [&](OrtThreadingOptions** made) {
                     return api.CreateThreadingOptions(made);
                 }));
    BATON_TRY(checked(api, api.SetGlobalIntraOpNumThreads(threads.get(), 1)));
    BATON_TRY(checked(api, api.SetGlobalInterOpNumThreads(threads.get(), 1)));
    BATON_TRY(checked(api, api.SetGlobalSpinControl(threads.get(), 0)));
    return threads;
}

struct Setting {
    const char* key;
    const char* value;
};

constexpr std::array kSettings = {
    Setting{kOrtSessionOptionsConfigLoadModelFormat, "ONNX"},  // never the library's own format, which nobody checks
    Setting{kOrtSessionOptionsConfigStrictAllowReleasedOpsetsOnly, "1"},
    Setting{kOrtSessionOptionsConfigAllowIntraOpSpinning, "0"},
    Setting{kOrtSessionOptionsConfigAllowInterOpSpinning, "0"},
    // A small file can hold an operator that makes gigabytes: such a node runs with requests, not while loading.
    Setting{kOrtSessionOptionsConstantFoldingMaxOutputSizeInBytes, "67108864"},
};

Result<Handle<OrtSessionOptions>> session_options(const OrtApi& api) {
    BATON_ASSIGN(auto options,
                 make_handle<OrtSessionOptions>(api, api.ReleaseSessionOptions, [&](OrtSessionOptions** made) {
                     return api.CreateSessionOptions(made);
                 }));
    BATON_TRY(checked(api, api.DisablePerSessionThreads(options.get())));
    BATON_TRY(checked(api, api.SetSessionExecutionMode(options.get(), ORT_SEQUENTIAL)));
    BATON_TRY(checked(api, api.SetSessionGraphOptimizationLevel(options.get(), ORT_ENABLE_ALL)));
    // The library's own pool of memory never shrinks; the allocator of the process does.
    BATON_TRY(checked(api, api.DisableCpuMemArena(options.get())));
    BATON_TRY(checked(api, api.DisableMemPattern(options.get())));
    for (const Setting& setting : kSettings) {
        BATON_TRY(checked(api, api.AddSessionConfigEntry(options.get(), setting.key, setting.value)));
    }
    return options;
}

// Asks the loading of a session to stop once its time is over.
class LoadLimit {
public:
    LoadLimit(const OrtApi& api, OrtSessionOptions* options, std::chrono::seconds limit)
        : thread_([&api, options, limit, this](const std::stop_token& stop) {
              std::unique_lock lock(mutex_);
              if (ended_.wait_for(lock, stop, limit, [&stop] { return stop.stop_requested(); })) return;
              if (stop.stop_requested()) return;
              static_cast<void>(checked(api, api.SessionOptionsSetLoadCancellationFlag(options, true)));
          }) {}

private:
    std::mutex mutex_;
    std::condition_variable_any ended_;
    std::jthread thread_;  // last: stops and is joined before the others go
};

// What the library finds wrong while loading is a trait of the model, unless it says otherwise.
Error refusal(Error error, std::chrono::seconds limit) {
    if (error.code == Code::internal) error.code = Code::unsupported_model;
    if (error.code == Code::deadline_exceeded) {
        error.message = "the model was not ready within " + std::to_string(limit.count()) + " seconds";
    }
    return error;
}

}  // namespace

Result<std::shared_ptr<const Runtime>> Runtime::start(const Options& options) {
    auto impl = std::make_shared<Impl>();
    impl->options = options;
    BATON_ASSIGN(impl->library, load_library(options.library));
    const OrtApi& api = impl->api();
    BATON_ASSIGN(const auto threads, threading_options(api));
    BATON_ASSIGN(Handle<OrtEnv> environment, make_handle<OrtEnv>(api, api.ReleaseEnv, [&](OrtEnv** made) {
                     // It writes to standard error what it answers as errors anyway.
                     return api.CreateEnvWithGlobalThreadPools(ORT_LOGGING_LEVEL_FATAL, "baton", threads.get(), made);
                 }));
    impl->environment = std::move(environment);
    return std::make_shared<const Runtime>(std::move(impl));
}

const std::string& Runtime::version() const { return impl_->library.version; }
const std::string& Runtime::path() const { return impl_->library.path; }

Result<std::unique_ptr<Model>> Runtime::load(std::string_view bytes, const onnx::Graph& graph) const {
    BATON_ASSIGN(Signature signature, eigen::declared_signature(graph));
    BATON_TRY(check_row_size(signature.inputs));
    BATON_ASSIGN(const std::optional<std::string> changed, prepare(bytes));
    if (changed) bytes = *changed;

    const OrtApi& api = impl_->api();
    BATON_ASSIGN(const auto options, session_options(api));
    auto session = [&] {
        const LoadLimit limit(api, options.get(), impl_->options.load_limit);
        return make_handle<OrtSession>(api, api.ReleaseSession, [&](OrtSession** made) {
            return api.CreateSessionFromArray(impl_->environment.get(), bytes.data(), bytes.size(), options.get(),
                                              made);
        });
    }();
    if (!session.ok()) return refusal(std::move(session).error(), impl_->options.load_limit);
    return make_session_model({api, impl_->environment}, *std::move(session), std::move(signature));
}

}  // namespace baton::inference::onnxruntime
