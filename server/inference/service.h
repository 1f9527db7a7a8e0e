// What every inference protocol does the same way: who may ask, which version answers, where it runs, what is counted.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inference/live_set.h"
#include "inference/live_table.h"
#include "server/transport/http.h"
#include "server/transport/server.h"

namespace baton::server {

// Thread-safe.
class InferenceService {
public:
    // Asked before anything is decoded; must be quick, it runs on the event loop.
    using Authorize = std::function<Status(const Request&, std::string_view model)>;

    struct Options {
        std::string environment = "production";
        std::string server_name = "baton";
        std::string server_version;
        std::chrono::nanoseconds inline_cost{50'000};  // what a request may take of the event loop
        std::uint64_t body_limit = 64u << 20;
    };

    // All must outlive the service.
    InferenceService(const inference::LiveTable& table, const inference::LiveSet& live_set, WorkerPool& pool,
                     Authorize authorize, Options options);

    const Options& options() const { return options_; }
    std::shared_ptr<const inference::Routes> routes() const { return table_.routes(); }

    Status authorize(const Request& request, std::string_view model) const { return authorize_(request, model); }
    // The live version, or the one that is named if it is loaded. not_found for a name nobody knows, unavailable while
    // it is live but not served (says why).
    Result<inference::ServedVersionPtr> find(std::string_view model, std::optional<std::uint32_t> version) const;

    // Makes the answer of one request from its version. Called on the event loop when the version's measured cost and
    // the size of the body promise that it is quick, else on the worker pool.
    using Answer = std::function<Response(Request&, const inference::ServedVersion&)>;
    // How the protocol shows an error.
    using Refuse = std::function<Response(const Error&)>;
    void answer(Request&& request, Responder responder, const inference::ServedVersionPtr& version,
                const Answer& answer, const Refuse& refuse) const;

private:
    const inference::LiveTable& table_;
    const inference::LiveSet& live_set_;
    WorkerPool& pool_;
    Authorize authorize_;
    Options options_;
};

// Arranges, runs and counts. Errors as arrange_inputs and Model::run give them.
Result<std::vector<inference::Tensor>> run_model(const inference::ServedVersion& version,
                                                 std::vector<inference::Tensor> inputs);

// 200 with the headers that name what answered.
Response inference_response(const inference::ServedVersion& version, std::string body);
// {"error": …} with the code's HTTP status.
Response inference_error(const Error& error);

// The `version` part of the path: a number from 1 up; nullopt when the route has none. not_found for anything else.
Result<std::optional<std::uint32_t>> version_parameter(const Request& request);

}  // namespace baton::server
