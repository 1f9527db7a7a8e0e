// The handoff: promotion requests, approvals, live slots, rollback.
//
// Everything that a decision depends on is read in the transaction that decides: there is no stored verdict to go
// stale. A request that was closed keeps the evaluation it was closed with. Requests expire 30 days after they were
// opened.
//
// As in catalog.h: functions run in the caller's unit of work, check roles and scope, and write their audit entries.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/objects.h"
#include "registry/paging.h"
#include "registry/policy.h"
#include "registry/store.h"

namespace baton::registry {

struct NewRequest {
    ModelName model;
    VersionRef version;
    Environment environment = production();
    std::string notes;
};

// failed_precondition: an open request for the same version and environment exists (says which), it is live there, it
// has a blocking finding, or it is retired.
Result<PromotionRequest> open_request(Transaction&, const NewRequest&);
Result<PromotionRequest> get_request(const Snapshot&, const Caller&, RequestId);
Result<Page<PromotionRequest>> list_requests(const Snapshot&, const Caller&, const PageRequest&);
Result<PromotionRequest> comment(Transaction&, RequestId, const std::string& text);
// `digest`, and `subject` if given, are what the approver saw: aborted when they are not the request's. The decision is
// bound to the subject and lapses when that changes (subject.h). Own requests and own uploads are refused at
// once (permission_denied), not only left uncounted.
Result<PromotionRequest> approve(Transaction&, RequestId, const Digest& digest, const std::string& comment,
                                 const std::optional<Digest>& subject = {});
Result<PromotionRequest> reject(Transaction&, RequestId, const std::string& reason);
// By the requester, who must still be a developer, or an admin.
Result<PromotionRequest> withdraw(Transaction&, RequestId);
// Ends the requests whose time is over and returns how many; called now and then. Until then they only read as expired.
Result<std::int64_t> expire_requests(Transaction&);

// For who changes what open requests depend on (the reports of a version, the roles of a user): read what stands before
// the change, and have it reassessed after it, in the same transaction. Stages then follow, and each decision that
// lapsed is in the audit log.
using StandingRequests = std::vector<PromotionRequest>;
StandingRequests standing_requests_of(const Snapshot&, const ModelName&, VersionNumber);
StandingRequests standing_requests_decided_by(const Snapshot&, const UserName&);
Status reassess(Transaction&, const StandingRequests& before);

// Re-evaluates the policy against current data, then makes the version live. failed_precondition lists all that is
// missing. `expected_revision`: of the slot (its live-set revision; 0 for an empty slot); aborted when it has moved.
// The slot's reason is the one given, or the request's notes.
Result<Slot> promote(Transaction&, RequestId, std::optional<std::int64_t> expected_revision,
                     const std::string& reason = {});
// Back to the version that was live before, or to `to` (any version once live there). No approval needed; a reason is.
// Never to a version that is retired, has a blocking finding, or was itself rolled back from there and not promoted
// since: that takes a new request. Without `to`, versions that cannot be gone back to are passed over.
Result<Slot> rollback(Transaction&, const ModelName&, const Environment&, const std::optional<VersionRef>& to,
                      const std::string& reason);
// Where a rollback without `to` would go; nullopt when it would be refused.
std::optional<Version> rollback_target(const Snapshot&, const Slot& live);
// By a deployer whose token is not limited to environments; not while it is live anywhere. Its open requests are
// withdrawn, and no server keeps it loaded for a rollback any more: the live-set revision moves if it was ever live.
Result<Version> retire(Transaction&, const ModelName&, const VersionRef&, const std::string& reason);

struct SlotHistory {
    std::vector<Slot> current;  // one an environment
    std::vector<Slot> past;     // newest first
};
Result<SlotHistory> model_slots(const Snapshot&, const Caller&, const ModelName&);
// What is live; of one environment when given. `caller` null: anonymous reading was opened by the operator.
Result<LiveSnapshot> live_snapshot(const Snapshot&, const Caller* caller, const std::optional<Environment>&);
Result<std::int64_t> live_revision(const Snapshot&);

}  // namespace baton::registry
