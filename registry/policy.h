// What a promotion request needs before it may pass: a pure function over a snapshot of facts.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "registry/caller.h"
#include "registry/objects.h"

namespace baton::registry {

struct Policy {
    std::int64_t version = 1;
    int min_approvals = 1;
    Role approver_role = Role::approver;
    bool forbid_requester = true;
    bool forbid_uploader = true;  // of the version or of any of its reports
    bool require_report = true;
};

Policy default_policy();

// Everything the decision depends on; no lookups happen inside it.
struct RequestFacts {
    Digest digest;   // of the requested version
    Digest subject;  // what a decision of now would be about (subject.h)
    UserName requester;
    UserName uploader;
    std::set<UserName> report_authors;
    std::int64_t reports = 0;
    std::vector<Approval> approvals;  // in order of time; what evaluate fills in of them is not looked at
    std::set<UserName> approvers;     // those of who decided who are enabled and still hold the approver role
    std::vector<Finding> findings;
    Stage stage = Stage::staged;
    Timestamp now;
    Timestamp expires_at;
};

// Why this person's approval could never count (they opened the request, uploaded the version, wrote a report); nullopt
// when it could. The role is another matter.
std::optional<std::string> bar_to_approval(const Policy& policy, const RequestFacts& facts, const UserName& user);

// Two requirements that hold for more than requests: whatever is blocked or retired may not go live in any way.
Requirement no_blocking_findings(const std::vector<Finding>& findings);
Requirement not_retired(Stage stage);

bool all_satisfied(const std::vector<Requirement>& requirements);

// The requirements, each satisfied or explained, and the approvals with `counts` and `reason_not` filled in.
struct PolicyDecision {
    Evaluation evaluation;
    std::vector<Approval> approvals;
};

// Of each person the newest decision alone is weighed; it counts when it is about the very subject, its author still
// holds the role and, for an approval, nothing bars them. A rejection that counts blocks. Requirements:
// validation_report, approvals, no_rejection, no_blocking_findings, not_retired, not_expired.
PolicyDecision evaluate(const Policy& policy, const RequestFacts& facts);

}  // namespace baton::registry
