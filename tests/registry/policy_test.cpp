#include "registry/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>

namespace baton::registry {
namespace {

using testing::HasSubstr;

const Digest wanted = sha256("the version");
const Digest evidence = sha256("the version and its reports");
const Digest other = sha256("another version");
const Timestamp opened = *parse_timestamp("2026-03-01T09:00:00Z");

UserName user(std::string name) { return UserName::trusted(std::move(name)); }

Approval approval(std::string name) {
    return {.user = user(std::move(name)),
            .decision = Decision::approve,
            .digest = wanted,
            .subject = evidence,
            .policy_version = default_policy().version,
            .comment = "looks right",
            .at = opened + std::chrono::hours(1),
            .counts = false,
            .reason_not = ""};
}
Approval rejection(std::string name) {
    Approval given = approval(std::move(name));
    given.decision = Decision::reject;
    given.comment = "recall is too low";
    return given;
}

// dana uploaded, rita wrote the report, rene opened the request, anna approved: all is well.
RequestFacts good_facts() {
    return {.digest = wanted,
            .subject = evidence,
            .requester = user("rene"),
            .uploader = user("dana"),
            .report_authors = {user("rita")},
            .reports = 1,
            .approvals = {approval("anna")},
            .approvers = {user("rene"), user("dana"), user("rita"), user("anna"), user("axel")},
            .findings = {{.severity = "warning", .code = "no_licence", .message = "no licence is named"}},
            .stage = Stage::staged,
            .now = opened + std::chrono::hours(2),
            .expires_at = opened + std::chrono::days(30)};
}

std::vector<std::string> unmet(const Evaluation& evaluation) {
    std::vector<std::string> names;
    for (const Requirement& requirement : evaluation.requirements)
        if (!requirement.satisfied) names.push_back(requirement.requirement);
    return names;
}

std::string explanation(const PolicyDecision& decision, const std::string& name) {
    for (const Requirement& requirement : decision.evaluation.requirements)
        if (requirement.requirement == name) return requirement.explanation;
    return "no requirement " + name;
}

TEST(Policy, NamesThoseWhoseApprovalsDoNotCountOnce) {
    RequestFacts facts = good_facts();
    facts.approvals.assign(3, approval("anna"));
    for (Approval& given : facts.approvals) given.subject = sha256("reports of before");
    const std::string text = explanation(evaluate(default_policy(), facts), "approvals");
    EXPECT_THAT(text, HasSubstr("that of anna does not count"));
    EXPECT_EQ(text.find("that of anna"), text.rfind("that of anna")) << text;
}

TEST(Policy, SatisfiedWhenEverythingIsThere) {
    const PolicyDecision decision = evaluate(default_policy(), good_facts());
    EXPECT_TRUE(decision.evaluation.satisfied);
    EXPECT_EQ(explanation(decision, "approvals"), "1 of 1 approval, by anna");
    ASSERT_EQ(decision.approvals.size(), 1U);
    EXPECT_TRUE(decision.approvals[0].counts);
    EXPECT_EQ(decision.approvals[0].reason_not, "");
    std::vector<std::string> names;
    for (const Requirement& requirement : decision.evaluation.requirements) {
        EXPECT_TRUE(requirement.satisfied) << requirement.requirement;
        EXPECT_NE(requirement.explanation, "") << requirement.requirement;
        names.push_back(requirement.requirement);
    }
    EXPECT_THAT(names, testing::ElementsAre("validation_report", "approvals", "no_rejection", "no_blocking_findings",
                                            "not_retired", "not_expired"));
}

struct Case {
    std::string name;
    std::function<void(RequestFacts&)> change;
    std::vector<std::string> unmet;
    std::string explained;        // part of the explanation of the first unmet requirement
    std::string reason_not = {};  // part of what is said of the first decision; empty: it counts
};

class PolicyCases : public testing::TestWithParam<Case> {};

TEST_P(PolicyCases, AreDecidedAndExplained) {
    RequestFacts facts = good_facts();
    GetParam().change(facts);
    const PolicyDecision decision = evaluate(default_policy(), facts);
    EXPECT_EQ(unmet(decision.evaluation), GetParam().unmet);
    EXPECT_EQ(decision.evaluation.satisfied, GetParam().unmet.empty());
    if (!GetParam().unmet.empty()) {
        EXPECT_THAT(explanation(decision, GetParam().unmet.front()), HasSubstr(GetParam().explained));
    }
    ASSERT_EQ(decision.approvals.size(), facts.approvals.size());
    if (decision.approvals.empty()) return;
    EXPECT_EQ(decision.approvals[0].counts, GetParam().reason_not.empty()) << decision.approvals[0].reason_not;
    EXPECT_THAT(decision.approvals[0].reason_not, HasSubstr(GetParam().reason_not));
}

const std::vector<Case> cases = {
    {"NoReport", [](auto& f) { f.reports = 0; }, {"validation_report"}, "baton report add"},
    {"NoApproval",
     [](auto& f) { f.approvals.clear(); },
     {"approvals"},
     "0 of 1 approval: someone with the role approver"},
    {"ApprovalByRequester",
     [](auto& f) { f.approvals[0].user = user("rene"); },
     {"approvals"},
     "other than the requester (rene)",
     "rene opened the request"},
    {"ApprovalByUploader",
     [](auto& f) { f.approvals[0].user = user("dana"); },
     {"approvals"},
     "the uploader (dana)",
     "dana uploaded the version"},
    {"ApprovalByReportAuthor",
     [](auto& f) { f.approvals[0].user = user("rita"); },
     {"approvals"},
     "the author of a report (rita)",
     "rita wrote a validation report"},
    {"ApprovalOfAnotherDigest",
     [](auto& f) { f.approvals[0].digest = other; },
     {"approvals"},
     "that of anna does not count",
     "another digest"},
    {"ReportsChangedSince",
     [](auto& f) { f.subject = other; },
     {"approvals"},
     "that of anna does not count",
     "the validation reports have changed since"},
    {"PolicyChangedSince",
     [](auto& f) {
         f.subject = other;
         f.approvals[0].policy_version = 0;
     },
     {"approvals"},
     "that of anna does not count",
     "the policy has changed since"},
    {"ApprovalOfBeforeSubjects",
     [](auto& f) { f.approvals[0].subject.reset(); },
     {"approvals"},
     "decide again",
     "before decisions were bound"},
    {"ApproverLostTheRole",
     [](auto& f) { f.approvers.erase(user("anna")); },
     {"approvals"},
     "that of anna does not count",
     "no longer has the role approver"},
    {"LaterDecisionCounts",
     [](auto& f) { f.approvals.insert(f.approvals.begin(), rejection("anna")); },
     {},
     "",
     "replaced by a later decision"},
    {"LaterRejectionBlocks",
     [](auto& f) { f.approvals.push_back(rejection("anna")); },
     {"approvals", "no_rejection"},
     "0 of 1",
     "replaced by a later decision"},
    {"LaterApprovalOfAnotherDigestRevivesNothing",
     [](auto& f) {
         f.approvals.push_back(approval("anna"));
         f.approvals[1].digest = other;
     },
     {"approvals"},
     "another digest",
     "replaced by a later decision"},
    {"RejectionByAnotherBlocks",
     [](auto& f) { f.approvals.push_back(rejection("axel")); },
     {"no_rejection"},
     "axel rejected it: recall is too low"},
    {"RejectionByTheRequesterCounts",
     [](auto& f) { f.approvals.push_back(rejection("rene")); },
     {"no_rejection"},
     "rene rejected it"},
    {"RejectionOfAnotherDigestDoesNot",
     [](auto& f) {
         f.approvals.push_back(rejection("axel"));
         f.approvals[1].digest = other;
     },
     {},
     ""},
    {"RejectionWithoutTheRoleDoesNot",
     [](auto& f) {
         f.approvals.push_back(rejection("axel"));
         f.approvers.erase(user("axel"));
     },
     {},
     ""},
    {"BlockingFinding",
     [](auto& f) {
         f.findings.push_back({.severity = "blocking", .code = "pickle", .message = "model.pkl is a pickle"});
     },
     {"no_blocking_findings"},
     "pickle: model.pkl is a pickle"},
    {"Retired", [](auto& f) { f.stage = Stage::retired; }, {"not_retired"}, "retired"},
    {"LastMoment", [](auto& f) { f.now = f.expires_at - std::chrono::microseconds(1); }, {}, ""},
    {"Expired", [](auto& f) { f.now = f.expires_at; }, {"not_expired"}, "2026-03-31T09:00:00.000000Z"},
    {"EverythingWrong",
     [](auto& f) {
         f.reports = 0;
         f.approvals = {rejection("axel")};
         f.findings = {{.severity = "blocking", .code = "pickle", .message = "model.pkl is a pickle"}};
         f.stage = Stage::retired;
         f.now = f.expires_at;
     },
     {"validation_report", "approvals", "no_rejection", "no_blocking_findings", "not_retired", "not_expired"},
     "no validation report"},
};

INSTANTIATE_TEST_SUITE_P(Default, PolicyCases, testing::ValuesIn(cases),
                         [](const auto& instance) { return instance.param.name; });

TEST(Policy, CountsPeopleNotApprovals) {
    Policy policy = default_policy();
    policy.min_approvals = 2;
    RequestFacts facts = good_facts();
    facts.approvals = {approval("anna"), approval("anna")};
    EXPECT_THAT(unmet(evaluate(policy, facts).evaluation), testing::ElementsAre("approvals"));
    facts.approvals.push_back(approval("axel"));
    const PolicyDecision decision = evaluate(policy, facts);
    EXPECT_TRUE(decision.evaluation.satisfied);
    EXPECT_EQ(explanation(decision, "approvals"), "2 of 2 approvals, by anna, axel");
}

TEST(Policy, RulesCanBeLifted) {
    RequestFacts facts = good_facts();
    facts.approvals[0].user = facts.requester;
    Policy policy = default_policy();
    policy.forbid_requester = false;
    EXPECT_TRUE(evaluate(policy, facts).evaluation.satisfied);
    facts.approvals[0].user = facts.uploader;
    EXPECT_FALSE(evaluate(policy, facts).evaluation.satisfied);
    policy.forbid_uploader = false;
    EXPECT_TRUE(evaluate(policy, facts).evaluation.satisfied);
    facts.reports = 0;
    policy.require_report = false;
    EXPECT_TRUE(evaluate(policy, facts).evaluation.satisfied);
}

TEST(Policy, WhoIsBarredIsToldAtOnce) {
    const RequestFacts facts = good_facts();
    EXPECT_EQ(bar_to_approval(default_policy(), facts, user("anna")), std::nullopt);
    for (const char* name : {"rene", "dana", "rita"})
        EXPECT_THAT(bar_to_approval(default_policy(), facts, user(name)).value_or(""), HasSubstr(name));
}

// Whatever the decisions are: it is satisfied exactly when one unbarred person's newest decision approves this digest,
// in the role, and nobody's newest decision rejects it.
TEST(Policy, AgreesWithAPlainReadingOfTheRules) {
    std::mt19937 random(20260301);
    const std::vector<std::string> people = {"rene", "dana", "rita", "anna", "axel"};
    const auto pick = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
    int satisfied = 0;
    for (int round = 0; round < 5000; ++round) {
        RequestFacts facts = good_facts();
        facts.approvals.clear();
        for (const std::string& name : people)
            if (pick(5) == 0) facts.approvers.erase(user(name));
        std::map<std::string, Approval> newest;
        for (int i = pick(6); i > 0; --i) {
            const std::string& name = people[static_cast<std::size_t>(pick(5))];
            Approval given = pick(6) == 0 ? rejection(name) : approval(name);
            if (pick(5) == 0) given.digest = other;
            facts.approvals.push_back(given);
            newest.insert_or_assign(name, given);
        }
        bool approved = false;
        bool rejected = false;
        for (const auto& [name, given] : newest) {
            if (!facts.approvers.contains(user(name)) || given.digest != wanted) continue;
            if (given.decision == Decision::reject) rejected = true;
            if (given.decision == Decision::approve && (name == "anna" || name == "axel")) approved = true;
        }
        const PolicyDecision decision = evaluate(default_policy(), facts);
        EXPECT_EQ(decision.evaluation.satisfied, approved && !rejected);
        satisfied += decision.evaluation.satisfied ? 1 : 0;
        for (const Approval& given : decision.approvals) EXPECT_NE(given.counts, !given.reason_not.empty());
    }
    EXPECT_GT(satisfied, 500);
    EXPECT_LT(satisfied, 4500);
}

}  // namespace
}  // namespace baton::registry
