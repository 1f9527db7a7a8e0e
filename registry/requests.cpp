// Opening, reading, commenting and ending of requests.
#include "registry/audit.h"
#include "registry/catalog_support.h"
#include "registry/review.h"
#include "registry/storage/request_list.h"
#include "registry/storage/request_table.h"
#include "registry/storage/slot_table.h"
#include "registry/version_stage.h"
#include "registry/workflow.h"

namespace baton::registry {
namespace {

constexpr std::chrono::days request_lifetime{30};

Result<PromotionRequest> reread(const Transaction& transaction, RequestId id) {
    return find_reviewed(transaction, transaction.caller(), id);
}

// In the system's name, whoever's change it is that finds the time over.
Status expire(const Transaction& found_in, RequestId id) {
    const Call call{.caller = system_caller(), .request_id = found_in.call().request_id, .idempotency = std::nullopt};
    Transaction transaction(found_in.connection(), found_in.now(), call, found_in.observer());
    const PromotionRequest request = review(transaction, storage::find_request(transaction.connection(), id).value());
    close(transaction, request, RequestState::expired, "nobody promoted it in time");
    append_audit(transaction, {.action = "request.expired",
                               .object = request_object(id),
                               .digest = request.digest,
                               .details = audit_details(request)});
    return settle(transaction, request.model, request.version,
                  storage::HistoryChange{.change = "expired", .environment = request.environment, .request = id});
}

// Decisions are only ever added, so the same one has the same place before and after.
void audit_lapses_and_returns(Transaction& transaction, const PromotionRequest& before) {
    const auto stored = storage::find_request(transaction.connection(), before.id);
    const PromotionRequest now = review(transaction, stored.value());
    for (std::size_t i = 0; i < before.approvals.size(); ++i) {
        if (before.approvals[i].counts == now.approvals[i].counts) continue;
        std::map<std::string, std::string> details = audit_details(now);
        details["approver"] = now.approvals[i].user.text();
        const bool lapsed = before.approvals[i].counts;
        if (lapsed) details["reason"] = now.approvals[i].reason_not;
        append_audit(transaction, {.action = lapsed ? "approval.lapsed" : "approval.restored",
                                   .object = request_object(now.id),
                                   .digest = now.digest,
                                   .details = std::move(details)});
    }
}

// All that stands in the way of a request for this version, not only the first.
std::vector<Requirement> obstacles(const Version& version, const std::optional<PromotionRequest>& open,
                                   const std::optional<Slot>& live) {
    std::vector<Requirement> found = {no_blocking_findings(version.findings), not_retired(version.stage)};
    if (open) {
        found.push_back({"no_open_request", false,
                         "request " + std::to_string(open->id) + " for " + open->environment.text() +
                             " is open: use it, or withdraw it first"});
    }
    if (live && live->version == version.number)
        found.push_back({"not_live_there", false, "it is live in " + live->environment.text() + " already"});
    return found;
}

}  // namespace

Result<PromotionRequest> open_request(Transaction& transaction, const NewRequest& wanted) {
    storage::Connection& connection = transaction.connection();
    BATON_TRY(require_role(transaction.caller(), Role::developer, wanted.model));
    BATON_TRY(require_environment(transaction.caller(), wanted.environment));
    BATON_TRY(check_text("notes", wanted.notes, Presence::optional));
    BATON_ASSIGN(const Version version, load_version(transaction, wanted.model, wanted.version));

    auto open = storage::open_request_for(connection, wanted.model, version.number, wanted.environment);
    if (open && transaction.now() >= open->expires_at) {
        BATON_TRY(expire(transaction, open->id));
        open.reset();
    }
    const auto live = storage::live_slot(connection, wanted.model, wanted.environment);
    const std::vector<Requirement> requirements = obstacles(version, open, live);
    if (!all_satisfied(requirements)) {
        return refusal("a request for " + version_text(version.model, version.number) + " in " +
                           wanted.environment.text() + " cannot be opened",
                       requirements);
    }

    PromotionRequest request = {.id = 0,
                                .model = wanted.model,
                                .version = version.number,
                                .digest = version.digest,
                                .subject = {},
                                .environment = wanted.environment,
                                .state = RequestState::open,
                                .requester = transaction.caller().user,
                                .notes = wanted.notes,
                                .created_at = transaction.now(),
                                .expires_at = transaction.now() + request_lifetime,
                                .baseline = {},
                                .closing_reason = {},
                                .approvals = {},
                                .comments = {},
                                .evaluation = {}};
    if (live) request.baseline = Baseline{live->version, live->digest};
    request.id = storage::insert_request(connection, request);
    std::map<std::string, std::string> details = audit_details(request);
    if (!request.notes.empty()) details["notes"] = request.notes;
    append_audit(transaction, {.action = "request.opened",
                               .object = request_object(request.id),
                               .digest = request.digest,
                               .details = std::move(details)});
    BATON_TRY(settle(transaction, request.model, request.version,
                     storage::HistoryChange{.change = "requested",
                                            .environment = request.environment,
                                            .reason = request.notes,
                                            .request = request.id}));
    return reread(transaction, request.id);
}

Result<PromotionRequest> get_request(const Snapshot& snapshot, const Caller& caller, RequestId id) {
    return find_reviewed(snapshot, caller, id);
}

Result<Page<PromotionRequest>> list_requests(const Snapshot& snapshot, const Caller& caller, const PageRequest& page) {
    BATON_TRY(require_any_role(caller));
    BATON_ASSIGN(Page<PromotionRequest> found, storage::list_requests(snapshot.connection(), caller, page));
    for (PromotionRequest& request : found.items) request = review(snapshot, std::move(request));
    return found;
}

Result<PromotionRequest> comment(Transaction& transaction, RequestId id, const std::string& text) {
    BATON_ASSIGN(const PromotionRequest request, find_reviewed(transaction, transaction.caller(), id));
    BATON_TRY(check_text("text", text, Presence::required));
    storage::insert_comment(transaction.connection(), id,
                            {.id = 0, .user = transaction.caller().user, .text = text, .at = transaction.now()});
    std::map<std::string, std::string> details = audit_details(request);
    details["comment"] = text;
    append_audit(transaction, {.action = "comment.added",
                               .object = request_object(id),
                               .digest = request.digest,
                               .details = std::move(details)});
    return reread(transaction, id);
}

Result<PromotionRequest> withdraw(Transaction& transaction, RequestId id) {
    const Caller& caller = transaction.caller();
    BATON_ASSIGN(const PromotionRequest request, find_reviewed(transaction, caller, id));
    const bool is_admin = caller.has(Role::admin);
    if (caller.user != request.requester && !is_admin) {
        return Error{
            .code = Code::permission_denied,
            .message = "only " + request.requester.text() + ", who opened the request, or an admin may withdraw it",
            .hint = "an approver may reject it"};
    }
    if (!is_admin) BATON_TRY(require_role(caller, Role::developer));
    BATON_TRY(require_environment(caller, request.environment));
    BATON_TRY(require_open(request));
    close(transaction, request, RequestState::withdrawn, "withdrawn by " + caller.user.text());
    append_audit(transaction, {.action = "request.withdrawn",
                               .object = request_object(id),
                               .digest = request.digest,
                               .details = audit_details(request)});
    BATON_TRY(settle(transaction, request.model, request.version,
                     storage::HistoryChange{.change = "withdrawn", .environment = request.environment, .request = id}));
    return reread(transaction, id);
}

Result<std::int64_t> expire_requests(Transaction& transaction) {
    const std::vector<RequestId> overdue = storage::open_requests_past(transaction.connection(), transaction.now());
    for (const RequestId id : overdue) BATON_TRY(expire(transaction, id));
    return static_cast<std::int64_t>(overdue.size());
}

StandingRequests standing_requests_of(const Snapshot& snapshot, const ModelName& model, VersionNumber version) {
    StandingRequests standing = storage::open_requests_of(snapshot.connection(), model, version);
    for (PromotionRequest& request : standing) request = review(snapshot, std::move(request));
    return standing;
}

StandingRequests standing_requests_decided_by(const Snapshot& snapshot, const UserName& user) {
    StandingRequests standing;
    for (const RequestId id : storage::open_requests_decided_by(snapshot.connection(), user))
        standing.push_back(review(snapshot, storage::find_request(snapshot.connection(), id).value()));
    return standing;
}

Status reassess(Transaction& transaction, const StandingRequests& before) {
    for (const PromotionRequest& request : before) {
        audit_lapses_and_returns(transaction, request);
        BATON_TRY(settle(transaction, request.model, request.version));
    }
    return {};
}

}  // namespace baton::registry
