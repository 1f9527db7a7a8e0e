// What approvers decide.
#include <algorithm>

#include "registry/audit.h"
#include "registry/review.h"
#include "registry/storage/request_table.h"
#include "registry/version_stage.h"
#include "registry/workflow.h"

namespace baton::registry {
namespace {

// The request, if the caller may decide on it.
Result<PromotionRequest> find_to_decide(const Transaction& transaction, RequestId id) {
    const Caller& caller = transaction.caller();
    BATON_ASSIGN(PromotionRequest request, find_reviewed(transaction, caller, id));
    BATON_TRY(require_role(caller, default_policy().approver_role, request.model));
    BATON_TRY(require_environment(caller, request.environment));
    BATON_TRY(require_open(request));
    return request;
}

// One approval of a person is enough while it counts.
Status require_new(const PromotionRequest& reviewed, const UserName& user) {
    const bool stands = std::ranges::any_of(reviewed.approvals, [&](const Approval& given) {
        return given.user == user && given.decision == Decision::approve && given.counts;
    });
    if (!stands) return {};
    const std::string id = std::to_string(reviewed.id);
    const std::string what = user.text() + " has approved request " + id + " already, and that counts";
    return refusal(what, {{"new_approval", false, what}},
                   "to say more, add a comment: `baton comment " + id + " TEXT`");
}

void record(Transaction& transaction, const PromotionRequest& request, Decision decision, const std::string& comment) {
    storage::insert_decision(transaction.connection(), {.request = request.id,
                                                        .user = transaction.caller().user,
                                                        .decision = decision,
                                                        .digest = request.digest,
                                                        .subject = request.subject.value(),
                                                        .policy_version = default_policy().version,
                                                        .comment = comment,
                                                        .at = transaction.now()});
    std::map<std::string, std::string> details = audit_details(request);
    details["comment"] = comment;
    details["subject_digest"] = request.subject->text();
    append_audit(transaction, {.action = decision == Decision::approve ? "approval.recorded" : "request.rejected",
                               .object = request_object(request.id),
                               .digest = request.digest,
                               .details = std::move(details)});
}

Status settle_decision(Transaction& transaction, const PromotionRequest& request, const std::string& change,
                       const std::string& reason) {
    return settle(transaction, request.model, request.version,
                  storage::HistoryChange{
                      .change = change, .environment = request.environment, .reason = reason, .request = request.id});
}

}  // namespace

Result<PromotionRequest> approve(Transaction& transaction, RequestId id, const Digest& digest,
                                 const std::string& comment, const std::optional<Digest>& subject) {
    BATON_ASSIGN(const PromotionRequest request, find_to_decide(transaction, id));
    BATON_TRY(check_text("comment", comment, Presence::optional));
    const UserName& user = transaction.caller().user;
    if (const auto bar = bar_to_approval(default_policy(), facts_of(transaction, request), user)) {
        return Error{.code = Code::permission_denied,
                     .message = *bar + ", and may not approve it as well",
                     .hint = "ask another person with the role approver"};
    }
    if (digest != request.digest) {
        return Error{.code = Code::aborted,
                     .message = "request " + std::to_string(id) + " is for " +
                                version_text(request.model, request.version) + " with the digest " +
                                request.digest.text() + ", not " + digest.text(),
                     .hint = "look at that version, then approve its digest"};
    }
    if (subject && *subject != request.subject) {
        return Error{.code = Code::aborted,
                     .message = "the evidence of request " + std::to_string(id) + " has changed: its subject is " +
                                request.subject->text() + ", not " + subject->text(),
                     .hint = "look at the request and the reports again, then approve its subject_digest"};
    }
    BATON_TRY(require_new(request, user));
    record(transaction, request, Decision::approve, comment);
    BATON_TRY(settle_decision(transaction, request, "approved", comment));
    return find_reviewed(transaction, transaction.caller(), id);
}

Result<PromotionRequest> reject(Transaction& transaction, RequestId id, const std::string& reason) {
    BATON_ASSIGN(const PromotionRequest request, find_to_decide(transaction, id));
    BATON_TRY(check_text("reason", reason, Presence::required));
    record(transaction, request, Decision::reject, reason);
    BATON_ASSIGN(PromotionRequest decided, find_reviewed(transaction, transaction.caller(), id));
    close(transaction, std::move(decided), RequestState::rejected, reason);
    BATON_TRY(settle_decision(transaction, request, "rejected", reason));
    return find_reviewed(transaction, transaction.caller(), id);
}

}  // namespace baton::registry
