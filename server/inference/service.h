// What every inference protocol shares: who may ask, which version answers, where a request runs, what is counted.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inference/live_set.h"
#include "inference/live_table.h"
#include "server/inference/request_memory.h"
#include "server/payloads/payload_log.h"
#include "server/transport/http.h"
#include "server/transport/server.h"

namespace baton::server {

// Which version of which model a request names.
struct InferenceTarget {
    std::string model;
    std::optional<std::uint32_t> version = {};    // none: the live one
    std::optional<std::string> environment = {};  // where it is live; none: in the environment of this server
};

// The version that a path segment names; nullopt for what is no version number and so names none.
std::optional<std::uint32_t> parse_version(std::string_view segment);
// The target that a model and a version of the Open Inference Protocol name, "" being the live one; not_found for what
// is no version number.
Result<InferenceTarget> parse_target(std::string_view model, std::string_view version);

// The platform of every model, in the words of the Open Inference Protocol.
inline constexpr std::string_view oip_platform = "onnx_onnxv1";

// One request in one protocol's words. Its functions are called at most once each, in this order, by one thread at a
// time but not always the same one.
class InferenceExchange {
public:
    virtual ~InferenceExchange() = default;
    // The named inputs in a body; their order, types and shapes are compared with the version's signature afterwards.
    virtual Result<std::vector<inference::Tensor>> decode(std::string& body, const inference::ServedVersion& version,
                                                          const DecodeLimits& limits) = 0;
    // How long the answer is of use, from when the request came; what the body says is known after
    // decode() only.
    virtual std::optional<std::chrono::microseconds> timeout() const { return std::nullopt; }
    // The answer: all outputs are there, in the order of the signature.
    virtual Result<Response> encode(const inference::ServedVersion& version,
                                    std::span<const inference::Tensor> outputs) = 0;
    virtual Response refuse(const Error& error) const = 0;
    // What the payload log keeps of a request and its answer, if that is not their bodies.
    struct Kept {
        std::string request;
        std::string response;
    };
    virtual std::optional<Kept> kept(const Response&) const { return std::nullopt; }
};

// One version as a client may see it.
struct VersionState {
    std::string model;
    std::uint32_t version = 0;
    inference::ServingState state = inference::ServingState::loading;
    std::string message;  // why it failed
};

class InferenceCall;  // call.h

// Thread-safe. Everything but infer() is quick enough for the event loop; infer() chooses where it runs.
class InferenceService {
public:
    // Asked before anything of a request is decoded, on the event loop: must be cheap and must not block.
    using Authorize = std::function<Status(const Request&, std::string_view model)>;

    struct Options {
        std::string environment = "production";  // the one that the live set answers requests without a version from
        std::string server_name = "baton";
        std::string server_version = {};
        std::function<bool()> ready = {};  // false while shutting down; empty: always ready
        std::uint64_t body_limit = 32u << 20;
        std::size_t max_rows = 1'000'000;          // in one request
        std::uint64_t decode_memory = 512u << 20;  // of all requests that are being answered, beyond their bodies
        PayloadLog* payloads = nullptr;            // where requests and answers are kept, if they are
        std::size_t compress_from = 16 * 1024;     // smaller answers are sent as they are
        // How long a request may wait for a worker unless it says so itself; 0: for ever.
        std::chrono::microseconds timeout{std::chrono::seconds(30)};
        // A request runs on the event loop when its body, its rows and the model's measured cost are all below these.
        std::size_t inline_body = 16 * 1024;
        std::size_t inline_rows = 64;
        std::chrono::nanoseconds inline_cost{50'000};
    };

    InferenceService(const inference::LiveTable& table, const inference::LiveSet& live_set, WorkerPool& pool,
                     Authorize authorize, Options options);

    const Options& options() const { return options_; }
    bool ready() const { return !options_.ready || options_.ready(); }
    Status authorize(const Request& request, std::string_view model) const { return authorize_(request, model); }

    // not_found, unavailable while it loads or when it failed, failed_precondition for a version of files only. An
    // environment counts only without a version.
    Result<inference::ServedVersionPtr> find(const InferenceTarget& target) const;

    // The loaded versions and those that should be, of one model or (empty name) of all, ascending.
    std::vector<VersionState> versions(std::string_view model) const;
    // Those that the caller may see. An error if it has no valid identity at all.
    Result<std::vector<VersionState>> visible_versions(const Request& request) const;
    std::shared_ptr<const inference::Routes> routes() const { return table_.routes(); }

    // Answers the request: authorises, finds the version, then decodes, runs and encodes here or on the pool, there
    // maybe in a batch (resource_exhausted when the queue is full, deadline_exceeded when it was in there for too
    // long; versions have lanes of their own there, see WorkerPool). Undoes the content coding of the body and makes
    // that of the answer. The version stays loaded until the answer is made.
    void infer(const std::shared_ptr<Request>& request, const InferenceTarget& target,
               std::unique_ptr<InferenceExchange> exchange, Responder respond) const;

private:
    Result<inference::Destination> route(const Request& request, const InferenceTarget& target) const;
    Result<inference::ServedVersionPtr> find_in_environment(const InferenceTarget& target) const;
    bool runs_inline(const inference::ServedVersion& version, std::size_t rows) const;
    void submit(const std::shared_ptr<InferenceCall>& call, bool decoded) const;
    // Hands the call to the batcher of its version: a new one, or one that a worker has taken and decoded.
    enum class Standing { fresh, accepted };
    void join_batch(InferenceCall call, Standing standing) const;
    bool call_worker(const std::shared_ptr<inference::Batcher>& batcher, WorkerPool::Lane lane,
                     Standing standing) const;

    const inference::LiveTable& table_;
    const inference::LiveSet& live_set_;
    WorkerPool& pool_;
    const Authorize authorize_;
    const Options options_;
    mutable MemoryBudget memory_;
};

// A JSON error with the header fields that its status asks for: Retry-After for 503 and 429, WWW-Authenticate for 401.
Response error_response(int status, std::string body);

}  // namespace baton::server
