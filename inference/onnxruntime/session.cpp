#include "inference/onnxruntime/session.h"

#include <onnxruntime_c_api.h>

#include <algorithm>

#include "inference/onnxruntime/values.h"

namespace baton::inference::onnxruntime {
namespace {

// Made for one run, which it can stop.
class Run final : public Stoppable {
public:
    explicit Run(const OrtApi& api) : api_(api) {}
    Status prepare() {
        BATON_ASSIGN(options_, make_handle<OrtRunOptions>(api_, api_.ReleaseRunOptions, [&](OrtRunOptions** made) {
                         return api_.CreateRunOptions(made);
                     }));
        return {};
    }
    const OrtRunOptions* options() const { return options_.get(); }
    void stop() noexcept override { static_cast<void>(checked(api_, api_.RunOptionsSetTerminate(options_.get()))); }

private:
    const OrtApi& api_;
    Handle<OrtRunOptions> options_;
};

class SessionModel : public Model {
public:
    SessionModel(Context context, Handle<OrtSession> session, Signature signature)
        : context_(std::move(context)), session_(std::move(session)), signature_(std::move(signature)) {
        for (const TensorSpec& input : signature_.inputs) input_names_.push_back(input.name.c_str());
        for (const TensorSpec& output : signature_.outputs) output_names_.push_back(output.name.c_str());
    }

    std::string_view engine() const override { return "onnxruntime"; }
    const Signature& signature() const override { return signature_; }
    bool may_run_on_loop() const override { return false; }

    Result<std::vector<Tensor>> run(std::span<const Tensor> inputs) const override {
        return run_within(context_.run_limit, inputs);
    }
    Result<std::vector<Tensor>> try_out(std::span<const Tensor> inputs) const override {
        return run_within(context_.trial_limit, inputs);
    }

private:
    Result<std::vector<Tensor>> run_within(std::chrono::seconds limit, std::span<const Tensor> inputs) const {
        std::vector<Handle<OrtValue>> owned;
        std::vector<const OrtValue*> values;
        for (const Tensor& input : inputs) {
            BATON_ASSIGN(Handle<OrtValue> value, to_value(context_.api, input));
            values.push_back(value.get());
            owned.push_back(std::move(value));
        }
        BATON_ASSIGN(const std::vector<Handle<OrtValue>> results, run_session(limit, values));
        std::vector<Tensor> outputs;
        for (std::size_t i = 0; i < results.size(); ++i) {
            const TensorSpec& spec = signature_.outputs[i];
            BATON_ASSIGN(Tensor tensor, to_tensor(context_.api, results[i].get(), spec.name, spec.type));
            outputs.push_back(std::move(tensor));
        }
        return outputs;
    }

    Result<std::vector<Handle<OrtValue>>> run_session(std::chrono::seconds limit,
                                                      std::span<const OrtValue* const> values) const {
        std::vector<OrtValue*> made(output_names_.size());
        Run run(context_.api);
        BATON_TRY(run.prepare());
        Watchdog::Watch watch(*context_.watchdog, run, limit);
        OrtStatus* status = context_.api.Run(session_.get(), run.options(), input_names_.data(), values.data(),
                                             values.size(), output_names_.data(), output_names_.size(), made.data());
        const bool stopped = watch.end();
        std::vector<Handle<OrtValue>> results;
        for (OrtValue* value : made) results.emplace_back(value, Release<OrtValue>{context_.api.ReleaseValue});
        if (status != nullptr) return stopped ? overdue(status, limit) : refusal(status);
        return results;
    }

    Error overdue(OrtStatus* status, std::chrono::seconds limit) const {
        context_.api.ReleaseStatus(status);
        if (context_.watchdog->stops_all()) {
            return {
                .code = Code::unavailable, .message = "the server is stopping", .hint = "ask again once it is back"};
        }
        return {
            .code = Code::deadline_exceeded,
            .message = "the model was stopped: it did not answer within " + std::to_string(limit.count()) + " seconds"};
    }

    // A model that ran at warm-up and does not run now was given something that it cannot take, such as numbers out of
    // an index's range; the library says so with several codes, and with the same codes that memory ran out.
    Error refusal(OrtStatus* status) const {
        const OrtErrorCode code = context_.api.GetErrorCode(status);
        Error error = checked(context_.api, status).error();
        if (error.message.find("bad_alloc") != std::string::npos) {
            error.code = Code::resource_exhausted;
        } else if (code == ORT_FAIL || code == ORT_RUNTIME_EXCEPTION) {
            error.code = Code::invalid_argument;
        }
        return error;
    }

    const Context context_;
    const Handle<OrtSession> session_;
    const Signature signature_;
    std::vector<const char*> input_names_;  // into the signature
    std::vector<const char*> output_names_;
};

Error mismatch(const std::string& name) {
    return {.code = Code::unsupported_model,
            .message = "ONNX Runtime takes '" + name + "' for something else than the model declares"};
}

using GetTypeInfo = OrtStatus* (*)(const OrtSession*, std::size_t, OrtTypeInfo**);

Result<TensorFacts> facts_at(const OrtApi& api, const OrtSession* session, GetTypeInfo get, std::size_t index,
                             const std::string& name) {
    BATON_ASSIGN(const auto info, make_handle<OrtTypeInfo>(api, api.ReleaseTypeInfo, [&](OrtTypeInfo** made) {
                     return get(session, index, made);
                 }));
    const OrtTensorTypeAndShapeInfo* tensor = nullptr;  // part of `info`
    BATON_TRY(checked(api, api.CastTypeInfoToTensorInfo(info.get(), &tensor)));
    if (tensor == nullptr) return mismatch(name);
    return facts_of(api, tensor);
}

// Both have inputs and outputs in the order of the file.
Status settle(const OrtApi& api, const OrtSession* session, Signature& signature) {
    std::size_t inputs = 0;
    std::size_t outputs = 0;
    BATON_TRY(checked(api, api.SessionGetInputCount(session, &inputs)));
    BATON_TRY(checked(api, api.SessionGetOutputCount(session, &outputs)));
    if (inputs != signature.inputs.size()) return mismatch("the inputs");
    if (outputs != signature.outputs.size()) return mismatch("the outputs");
    for (std::size_t i = 0; i < inputs; ++i) {
        const TensorSpec& spec = signature.inputs[i];
        BATON_ASSIGN(const TensorFacts facts, facts_at(api, session, api.SessionGetInputTypeInfo, i, spec.name));
        if (facts.type != spec.type || facts.shape.size() != spec.shape.size()) return mismatch(spec.name);
    }
    for (std::size_t i = 0; i < outputs; ++i) {
        TensorSpec& spec = signature.outputs[i];
        BATON_ASSIGN(TensorFacts facts, facts_at(api, session, api.SessionGetOutputTypeInfo, i, spec.name));
        if (facts.type != spec.type) return mismatch(spec.name);
        // No dimensions may also mean that nobody knows them.
        if (!facts.shape.empty() && spec.labels.empty()) spec.shape = std::move(facts.shape);
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<Model>> make_session_model(Context context, Handle<OrtSession> session, Signature declared) {
    BATON_TRY(settle(context.api, session.get(), declared));
    return std::unique_ptr<Model>(
        std::make_unique<SessionModel>(std::move(context), std::move(session), std::move(declared)));
}

}  // namespace baton::inference::onnxruntime
