#include "registry/policy.h"

#include <algorithm>

#include "base/joined.h"

namespace baton::registry {
namespace {

std::string counted(std::int64_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

// Why a decision is about other evidence than there is now, and what to do; empty when it is about the same.
std::string reason_lapsed(const Policy& policy, const RequestFacts& facts, const Approval& given) {
    if (given.digest != facts.digest) return "it is for another digest, " + given.digest.text();
    if (given.subject == facts.subject) return {};
    const std::string again = ": look at " + facts.digest.text() + " and decide again";
    if (!given.subject) return "it was given before decisions were bound to reports" + again;
    if (given.policy_version != policy.version) return "the policy has changed since" + again;
    return "the validation reports have changed since" + again;
}

constexpr std::string_view replaced = "replaced by a later decision of the same person";

// Why the decision at `position` does not count; empty when it does. The newest decision of a person replaces the
// earlier ones even when it does not count itself: who changed their mind for another digest did change it.
std::string reason_not(const Policy& policy, const RequestFacts& facts, std::size_t position) {
    const Approval& given = facts.approvals[position];
    const auto later = facts.approvals.begin() + static_cast<std::ptrdiff_t>(position) + 1;
    if (std::any_of(later, facts.approvals.end(), [&](const Approval& other) { return other.user == given.user; }))
        return std::string(replaced);
    if (std::string lapsed = reason_lapsed(policy, facts, given); !lapsed.empty()) return lapsed;
    if (!facts.approvers.contains(given.user))
        return given.user.text() + " is disabled or no longer has the role " +
               std::string(role_name(policy.approver_role));
    if (given.decision == Decision::reject) return {};
    return bar_to_approval(policy, facts, given.user).value_or("");
}

std::vector<Approval> weigh(const Policy& policy, const RequestFacts& facts) {
    std::vector<Approval> approvals = facts.approvals;
    for (std::size_t i = 0; i < approvals.size(); ++i) {
        approvals[i].reason_not = reason_not(policy, facts, i);
        approvals[i].counts = approvals[i].reason_not.empty();
    }
    return approvals;
}

Requirement report_there(const RequestFacts& facts) {
    const bool there = facts.reports > 0;
    return {"validation_report", there,
            there ? counted(facts.reports, "validation report")
                  : "the version has no validation report: add one with `baton report add`"};
}

// Whose approval would do: "an approver who is neither the requester (alice) nor the uploader (alice)".
std::string who_may_approve(const Policy& policy, const RequestFacts& facts) {
    std::vector<std::string> excluded;
    if (policy.forbid_requester) excluded.push_back("the requester (" + facts.requester.text() + ")");
    if (policy.forbid_uploader) {
        excluded.push_back("the uploader (" + facts.uploader.text() + ")");
        for (const UserName& author : facts.report_authors)
            excluded.push_back("the author of a report (" + author.text() + ")");
    }
    std::string who = "someone with the role " + std::string(role_name(policy.approver_role));
    if (!excluded.empty()) who += " other than " + joined(excluded);
    return who;
}

Requirement approved(const Policy& policy, const RequestFacts& facts, const std::vector<Approval>& approvals) {
    std::vector<std::string> approvers;
    std::vector<std::string> uncounted;
    for (const Approval& approval : approvals) {
        if (approval.decision != Decision::approve) continue;
        if (approval.counts) approvers.push_back(approval.user.text());
        if (!approval.counts && approval.reason_not != replaced)
            uncounted.push_back("that of " + approval.user.text() + " does not count: " + approval.reason_not);
    }
    const auto count = static_cast<std::int64_t>(approvers.size());
    const bool enough = count >= policy.min_approvals;
    std::string text = std::to_string(count) + " of " + counted(policy.min_approvals, "approval");
    if (!approvers.empty()) text += ", by " + joined(approvers);
    if (!enough) {
        text += ": " + who_may_approve(policy, facts) + " must approve " + facts.digest.text();
        if (!uncounted.empty()) text += " (" + joined(uncounted, "; ") + ")";
    }
    return {"approvals", enough, std::move(text)};
}

Requirement not_rejected(const std::vector<Approval>& approvals) {
    for (const Approval& approval : approvals) {
        if (approval.decision != Decision::reject || !approval.counts) continue;
        return {"no_rejection", false,
                approval.user.text() + " rejected it: " + approval.comment + "; settle that, then open a new request"};
    }
    return {"no_rejection", true, "nobody has rejected it"};
}

Requirement not_expired(const RequestFacts& facts) {
    const bool expired = facts.now >= facts.expires_at;
    const std::string time = format_timestamp(facts.expires_at);
    return {"not_expired", !expired,
            expired ? "the request expired at " + time + ": open a new one" : "open until " + time};
}

}  // namespace

Policy default_policy() { return {}; }

std::optional<std::string> bar_to_approval(const Policy& policy, const RequestFacts& facts, const UserName& user) {
    if (policy.forbid_requester && user == facts.requester) return user.text() + " opened the request";
    if (!policy.forbid_uploader) return std::nullopt;
    if (user == facts.uploader) return user.text() + " uploaded the version";
    if (facts.report_authors.contains(user)) return user.text() + " wrote a validation report of the version";
    return std::nullopt;
}

Requirement no_blocking_findings(const std::vector<Finding>& findings) {
    std::vector<std::string> blocking;
    for (const Finding& finding : findings)
        if (finding.severity == "blocking") blocking.push_back(finding.code + ": " + finding.message);
    if (blocking.empty()) return {"no_blocking_findings", true, "nothing blocking was found in its files"};
    return {"no_blocking_findings", false, joined(blocking, "; ") + "; register a version without it"};
}

Requirement not_retired(Stage stage) {
    const bool retired = stage == Stage::retired;
    return {"not_retired", !retired,
            retired ? "the version is retired for good: choose another one" : "the version is not retired"};
}

bool all_satisfied(const std::vector<Requirement>& requirements) {
    return std::all_of(requirements.begin(), requirements.end(),
                       [](const Requirement& requirement) { return requirement.satisfied; });
}

PolicyDecision evaluate(const Policy& policy, const RequestFacts& facts) {
    PolicyDecision decision;
    decision.approvals = weigh(policy, facts);
    std::vector<Requirement>& requirements = decision.evaluation.requirements;
    if (policy.require_report) requirements.push_back(report_there(facts));
    requirements.push_back(approved(policy, facts, decision.approvals));
    requirements.push_back(not_rejected(decision.approvals));
    requirements.push_back(no_blocking_findings(facts.findings));
    requirements.push_back(not_retired(facts.stage));
    requirements.push_back(not_expired(facts));
    decision.evaluation.satisfied = all_satisfied(requirements);
    return decision;
}

}  // namespace baton::registry
