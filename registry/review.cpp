#include "registry/review.h"

#include "registry/signature_change.h"
#include "registry/storage/request_table.h"
#include "registry/storage/slot_table.h"
#include "registry/storage/user_table.h"
#include "registry/storage/version_table.h"
#include "registry/subject.h"
#include "registry/text_rules.h"
#include "registry/traffic.h"

namespace baton::registry {
namespace {

constexpr std::size_t max_text = std::size_t{16} * 1024;

bool holds_role(const Snapshot& snapshot, const UserName& name, Role role) {
    const auto user = storage::find_user(snapshot.connection(), name);
    return user && !user->disabled && user->roles.contains(role);
}

std::vector<std::string> warnings_of(const Snapshot& snapshot, const PromotionRequest& request) {
    storage::Connection& connection = snapshot.connection();
    const auto slot = storage::live_slot(connection, request.model, request.environment);
    if (!slot) return {};
    const auto live = storage::find_version(connection, request.model, slot->version);
    const auto candidate = storage::find_version(connection, request.model, request.version);
    if (!live || !candidate) return {};
    std::string warning = signature_warning(*live, *candidate);
    if (warning.empty()) return {};
    return {std::move(warning)};
}

}  // namespace

RequestFacts facts_of(const Snapshot& snapshot, const PromotionRequest& request) {
    storage::RequestSubject subject = storage::subject_of(snapshot.connection(), request.model, request.version);
    const auto reports = static_cast<std::int64_t>(subject.reports.size());
    const Policy policy = default_policy();
    RequestFacts facts = {.digest = subject.digest,
                          .subject = subject_digest({.version = subject.digest,
                                                     .reports = std::move(subject.reports),
                                                     .environment = request.environment,
                                                     .policy_version = policy.version}),
                          .requester = request.requester,
                          .uploader = std::move(subject.uploader),
                          .report_authors = std::move(subject.report_authors),
                          .reports = reports,
                          .approvals = request.approvals,
                          .approvers = {},
                          .findings = std::move(subject.findings),
                          .stage = subject.stage,
                          .now = snapshot.now(),
                          .expires_at = request.expires_at};
    for (const Approval& given : request.approvals) {
        if (holds_role(snapshot, given.user, policy.approver_role)) facts.approvers.insert(given.user);
    }
    return facts;
}

PromotionRequest review(const Snapshot& snapshot, PromotionRequest request) {
    if (request.state != RequestState::open) return request;
    const RequestFacts facts = facts_of(snapshot, request);
    PolicyDecision decision = evaluate(default_policy(), facts);
    request.subject = facts.subject;
    request.approvals = std::move(decision.approvals);
    request.evaluation = std::move(decision.evaluation);
    request.warnings = warnings_of(snapshot, request);
    if (snapshot.now() >= request.expires_at) {
        request.state = RequestState::expired;
    } else if (request.evaluation.satisfied) {
        request.state = RequestState::approved;
    }
    return request;
}

Result<PromotionRequest> find_reviewed(const Snapshot& snapshot, const Caller& caller, RequestId id) {
    auto request = storage::find_request(snapshot.connection(), id);
    if (!request || !caller.sees(request->model)) {
        return not_found("there is no request " + std::to_string(id), "`baton requests` shows those that you may see");
    }
    BATON_TRY(require_read(caller, request->model));
    return review(snapshot, *std::move(request));
}

Status require_open(const PromotionRequest& request) {
    if (request.state == RequestState::open || request.state == RequestState::approved) return {};
    const std::string what =
        "request " + std::to_string(request.id) + " is " + std::string(request_state_name(request.state));
    return refusal(what, {{"open_request", false, what}},
                   "open a new request for " + version_text(request.model, request.version) + " if it should go live");
}

void close(Transaction& transaction, PromotionRequest request, RequestState state, const std::string& reason) {
    request.state = state;
    request.closing_reason = reason;
    storage::close_request(transaction.connection(), request);
    if (state == RequestState::executed) return;  // and the slot moves, which ends its rules
    end_candidacy(transaction, request.model, request.environment, request.version,
                  "request " + std::to_string(request.id) + " was closed");
}

Error refusal(std::string message, const std::vector<Requirement>& requirements, std::string hint) {
    Error error = failed_precondition(std::move(message), std::move(hint));
    for (const Requirement& requirement : requirements)
        if (!requirement.satisfied) error.missing.push_back({requirement.requirement, requirement.explanation});
    return error;
}

bool is_blank(const std::string& text) { return text.find_first_not_of(" \t\r\n") == std::string::npos; }

Status check_text(const std::string& field, const std::string& text, Presence presence) {
    TextCheck check;
    if (is_blank(text) && presence == Presence::required)
        check.fail(field, "must say something: it is kept with the change");
    check.text(field, text, max_text);
    return check.status();
}

std::string request_object(RequestId id) { return "request/" + std::to_string(id); }

std::string version_text(const ModelName& model, VersionNumber version) {
    return model.text() + "/" + std::to_string(version);
}

std::map<std::string, std::string> audit_details(const PromotionRequest& request) {
    return {{"model", request.model.text()},
            {"version", std::to_string(request.version)},
            {"environment", request.environment.text()}};
}

}  // namespace baton::registry
