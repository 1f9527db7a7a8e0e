// What every handler of the native API shares: who calls, one unit of work, one shape of answers and errors.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "artifacts/blob_store.h"
#include "inference/live_set.h"
#include "registry/identity.h"
#include "registry/paging.h"
#include "registry/store.h"
#include "server/live/watch.h"
#include "server/transport/http.h"
#include "server/transport/server.h"

namespace baton::server::native {

struct ApiOptions {
    bool anonymous_live = false;  // reading what is live needs no token
    std::string version;          // of this binary
};

// A request that is answered later, kept together with what answers it.
struct PendingRequest {
    std::shared_ptr<const Request> request;
    Responder responder;
};

class Api {
public:
    // All of it must outlive the Api, and the Api every router that its routes were added to.
    struct Parts {
        registry::Store& store;
        registry::Authenticator& authenticator;
        artifacts::BlobStore& blobs;
        inference::LiveSet& live_set;
        const inference::Engines& engines;
        LiveWatch& live_watch;
        WorkerPool& pool;
        WorkerPool& registrations;  // looking into files takes long: of its own, so that all else goes on
    };
    Api(Parts parts, ApiOptions options) : parts_(parts), options_(std::move(options)) {}

    registry::Store& store() const { return parts_.store; }
    registry::Authenticator& authenticator() const { return parts_.authenticator; }
    artifacts::BlobStore& blobs() const { return parts_.blobs; }
    inference::LiveSet& live_set() const { return parts_.live_set; }
    const inference::Engines& engines() const { return parts_.engines; }
    LiveWatch& live_watch() const { return parts_.live_watch; }
    WorkerPool& pool() const { return parts_.pool; }
    WorkerPool& registrations() const { return parts_.registrations; }
    const ApiOptions& options() const { return options_; }

    using ReadWork = std::function<Result<Response>(const registry::Snapshot&, const registry::Caller&)>;
    using ChangeWork = std::function<Result<registry::Answer>(registry::Transaction&)>;
    // Reads a request, outside of any transaction, and says what is to be done in one.
    using Prepare = std::function<Result<ChangeWork>(const registry::Caller&)>;
    template <class Input>
    using WorkOn = std::type_identity_t<std::function<Result<registry::Answer>(registry::Transaction&, const Input&)>>;

    // Authenticates, reads in one snapshot, answers; errors become problems.
    Response read(const Request& request, const ReadWork& work) const;
    // A change: authenticates; gives the stored answer if the request's Idempotency-Key has one; prepares, which holds
    // nothing and so may take its time; then runs one transaction, with which the answer is stored.
    Response change(const Request& request, const Prepare& prepare) const;
    // The same where preparing is reading the request.
    template <class Input>
    Response change(const Request& request, Result<Input> (*decode)(const Request&), const WorkOn<Input>& work) const {
        return change(request, prepared(request, decode, work));
    }
    // For answers that hold a secret and must not be stored.
    template <class Input>
    Response change_unstored(const Request& request, Result<Input> (*decode)(const Request&),
                             const WorkOn<Input>& work) const {
        return change_unstored(request, prepared(request, decode, work));
    }
    // Authenticates only; for work that is not one unit of the store.
    Response with_caller(const Request& request,
                         const std::function<Result<Response>(const registry::Caller&)>& work) const;
    // The work of a read or change handler whose caller may be nobody where the operator allows that.
    Response read_live(
        const Request& request,
        const std::function<Result<Response>(const registry::Snapshot&, const registry::Caller*)>& work) const;

    // Runs the next step of a pending request on the worker pool; when that is full, answers the request with 503.
    static void refuse_busy(PendingRequest& pending);
    void run_pooled(const std::shared_ptr<PendingRequest>& pending, std::function<void()> step) const;

private:
    template <class Input>
    static Prepare prepared(const Request& request, Result<Input> (*decode)(const Request&),
                            const WorkOn<Input>& work) {
        return [&request, decode, &work](const registry::Caller&) -> Result<ChangeWork> {
            BATON_ASSIGN(Input input, decode(request));
            return ChangeWork([input = std::move(input), &work](registry::Transaction& transaction) {
                return work(transaction, input);
            });
        };
    }
    Response change_unstored(const Request& request, const Prepare& prepare) const;
    Result<registry::Call> call_of(const Request& request, const std::string& request_id) const;
    Response finish(Result<Response> result, const std::string& request_id) const;

    Parts parts_;
    ApiOptions options_;
};

registry::Answer json_answer(int status, std::string body);
// The ETag of an object that two people may edit, and what If-Match says of it (invalid_argument when malformed).
std::string etag(std::string_view tag);
std::string etag(std::int64_t revision);
Result<std::optional<std::string>> if_match(const Request& request);
Result<std::optional<std::int64_t>> if_match_revision(const Request& request);
Status require_plain_body(const Request& request);  // invalid_argument when the body is compressed
// True when If-None-Match names the tag (weak comparison) or is `*`.
bool none_match_fails(const Request& request, std::string_view etag);

Result<registry::PageRequest> page_request(const Request& request);
Result<registry::ModelName> model_parameter(const Request& request);
Result<registry::VersionRef> ref_parameter(const Request& request);
Result<std::int64_t> id_parameter(const Request& request);
// The query's environment; production when absent.
Result<registry::Environment> environment_parameter(const Request& request);

}  // namespace baton::server::native
