#include "inference/onnxruntime/runtime.h"

#include <onnxruntime_c_api.h>
#include <onnxruntime_session_options_config_keys.h>

#include <algorithm>
#include <array>

#include "inference/eigen/plan.h"
#include "inference/onnxruntime/library.h"
#include "inference/onnxruntime/prepare.h"
#include "inference/onnxruntime/session.h"
#include "inference/onnxruntime/watchdog.h"

namespace baton::inference::onnxruntime {

struct Runtime::Impl {
    Library library;
    Options options;
    std::shared_ptr<OrtEnv> environment;
    std::shared_ptr<Watchdog> watchdog;

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

// The making of a session, which can be stopped.
class Load final : public Stoppable {
public:
    Load(const OrtApi& api, OrtSessionOptions* options) : api_(api), options_(options) {}
    void stop() noexcept override {
        static_cast<void>(checked(api_, api_.SessionOptionsSetLoadCancellationFlag(options_, true)));
    }

private:
    const OrtApi& api_;
    OrtSessionOptions* const options_;
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
    impl->watchdog = std::make_shared<Watchdog>(std::min(options.load_limit, options.run_limit));
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
    const Options& limits = impl_->options;
    auto session = [&] {
        Load load(api, options.get());
        const Watchdog::Watch watch(*impl_->watchdog, load, limits.load_limit);
        return make_handle<OrtSession>(api, api.ReleaseSession, [&](OrtSession** made) {
            return api.CreateSessionFromArray(impl_->environment.get(), bytes.data(), bytes.size(), options.get(),
                                              made);
        });
    }();
    if (!session.ok()) return refusal(std::move(session).error(), limits.load_limit);
    return make_session_model({.api = api,
                               .environment = impl_->environment,
                               .watchdog = impl_->watchdog,
                               .run_limit = limits.run_limit,
                               .trial_limit = std::min(limits.load_limit, limits.run_limit)},
                              *std::move(session), std::move(signature));
}

void Runtime::stop_all() const { impl_->watchdog->stop_all(); }

}  // namespace baton::inference::onnxruntime
