// What approvers decide, and when it counts.
#include "registry/workflow.h"
#include "tests/registry/handoff.h"

namespace baton::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Decisions = Handoff;

std::vector<std::string> actions_of(const std::vector<AuditEntry>& entries, const std::string& object) {
    std::vector<std::string> actions;
    for (const AuditEntry& entry : entries)
        if (entry.object == object) actions.push_back(entry.action);
    return actions;
}

// The requester, the uploader and the author of a report are told at once, and so is their service account: what counts
// is the person behind the credential.
TEST_F(Decisions, NobodyApprovesTheirOwnWork) {
    ASSERT_THAT(set_roles("ada", {Role::developer, Role::approver}), is_ok());
    add_version();
    const RequestId id = open_as("olga", 1)->id;
    const auto as_requester = approve_as("olga", id, digest_of(1));
    EXPECT_THAT(as_requester, fails_with(Code::permission_denied));
    EXPECT_THAT(as_requester.error().message, HasSubstr("olga opened the request"));
    EXPECT_NE(as_requester.error().hint, "");

    Call ada = as("ada");
    ada.caller.roles = {Role::approver};
    ada.caller.token_id = "another token";
    const auto as_uploader = write(ada, [&](Transaction& t) { return approve(t, id, digest_of(1), ""); });
    EXPECT_THAT(as_uploader, fails_with(Code::permission_denied));
    EXPECT_THAT(as_uploader.error().message, HasSubstr("ada uploaded the version"));

    const RequestId other = open_as("dan", 1, staging)->id;
    ASSERT_THAT(add_report_as("olga", 1), is_ok());
    EXPECT_THAT(approve_as("olga", other, digest_of(1)), fails_with(Code::permission_denied));
    EXPECT_THAT(request(id).approvals, IsEmpty());
}

TEST_F(Decisions, AnApprovalNamesTheDigestItApproves) {
    add_version();
    const RequestId id = open_as("dan", 1)->id;
    const auto wrong = approve_as("pia", id, digest_of(2));
    ASSERT_FALSE(wrong.ok());
    EXPECT_THAT(wrong, fails_with(Code::aborted));
    EXPECT_THAT(wrong.error().message, HasSubstr(digest_of(1).text()));
    EXPECT_THAT(request(id).approvals, IsEmpty());
}

TEST_F(Decisions, AnApprovalStopsCountingWhenItsAuthorWritesAReport) {
    ASSERT_THAT(set_roles("pia", {Role::approver, Role::developer}), is_ok());
    add_version();
    const RequestId id = approved_request(1);
    Call pia = as("pia");
    pia.caller.roles = {Role::developer};
    ASSERT_TRUE(
        write(pia, [&](Transaction& t) { return add_report(t, model_, VersionNumber(1), new_report(0.8)); }).ok());
    EXPECT_EQ(request(id).state, RequestState::open);
    EXPECT_THAT(request(id).approvals[0].reason_not, HasSubstr("the validation reports have changed since"));
    EXPECT_THAT(approve_as("pia", id, digest_of(1)),
                fails_saying(Code::permission_denied, "wrote a validation report"));
    EXPECT_EQ(stage(1), Stage::staged);
    EXPECT_EQ(changes(1).back(), "lapsed");
    EXPECT_THAT(missing_of(promote_as("dora", id).error()), ElementsAre("approvals"));
    ASSERT_THAT(approve_as("pat", id, digest_of(1)), is_ok());
    EXPECT_THAT(promote_as("dora", id), is_ok());
}

TEST_F(Decisions, AnApprovalStopsCountingWhenItsAuthorLosesTheRole) {
    add_version();
    const RequestId id = approved_request(1);
    ASSERT_THAT(set_roles("pia", {Role::viewer}), is_ok());
    EXPECT_EQ(stage(1), Stage::staged);
    EXPECT_FALSE(request(id).approvals[0].counts);
    EXPECT_THAT(missing_of(promote_as("dora", id).error()), ElementsAre("approvals"));
    ASSERT_THAT(set_roles("pia", {Role::approver}), is_ok());
    EXPECT_EQ(stage(1), Stage::approved);
    EXPECT_THAT(actions_of(audit(), "request/1"),
                ElementsAre("request.opened", "approval.recorded", "approval.lapsed", "approval.restored"));
    EXPECT_THAT(promote_as("dora", id), is_ok());
}

TEST_F(Decisions, AnApprovalWithoutAReportDoesNotCountForALaterOne) {
    add_version(false);
    const RequestId id = approved_request(1);
    EXPECT_EQ(request(id).state, RequestState::open);
    EXPECT_EQ(stage(1), Stage::staged);
    ASSERT_THAT(add_report_as("ada", 1), is_ok());
    EXPECT_EQ(request(id).state, RequestState::open) << "nobody approved that report";
    EXPECT_THAT(request(id).approvals[0].reason_not, HasSubstr("the validation reports have changed since"));
    EXPECT_THAT(missing_of(promote_as("dora", id).error()), ElementsAre("approvals"));
    ASSERT_THAT(approve_as("pia", id, digest_of(1)), is_ok());
    EXPECT_EQ(request(id).state, RequestState::approved);
    EXPECT_EQ(stage(1), Stage::approved);
    EXPECT_THAT(promote_as("dora", id), is_ok());
}

TEST_F(Decisions, ANewReportLapsesWhatWasApprovedWithoutIt) {
    add_version();
    const RequestId id = approved_request(1);
    const auto before = request(id).subject;
    EXPECT_EQ(request(id).approvals[0].subject, before);
    ASSERT_THAT(add_report_as("ada", 1), is_ok());

    const PromotionRequest lapsed = request(id);
    EXPECT_NE(lapsed.subject, before);
    EXPECT_EQ(lapsed.state, RequestState::open);
    ASSERT_EQ(lapsed.approvals.size(), 1U) << "it stays to be seen";
    EXPECT_FALSE(lapsed.approvals[0].counts);
    EXPECT_THAT(lapsed.approvals[0].reason_not, HasSubstr("decide again"));
    EXPECT_EQ(stage(1), Stage::staged);
    EXPECT_EQ(changes(1).back(), "lapsed");
    EXPECT_THAT(actions_of(audit(), "request/1"),
                ElementsAre("request.opened", "approval.recorded", "approval.lapsed"));

    const auto refused = promote_as("dora", id);
    ASSERT_THAT(refused, fails_with(Code::failed_precondition));
    EXPECT_THAT(refused.error().missing[0].explanation, HasSubstr("that of pia does not count"));
    ASSERT_THAT(approve_as("pat", id, digest_of(1)), is_ok());
    ASSERT_THAT(promote_as("dora", id), is_ok());
    EXPECT_EQ(request(id).subject, lapsed.subject) << "a closed request keeps what it was closed with";
}

TEST_F(Decisions, AnApprovalThatCountsIsNotGivenAgain) {
    add_version();
    const RequestId id = approved_request(1);
    const auto entries = audit().size();
    const auto again = approve_as("pia", id, digest_of(1));
    ASSERT_THAT(again, fails_saying(Code::failed_precondition, "pia has approved request 1 already"));
    EXPECT_EQ(request(id).approvals.size(), 1U);
    EXPECT_EQ(audit().size(), entries);
    EXPECT_THAT(approve_as("pat", id, digest_of(1)), is_ok()) << "another person may";
    ASSERT_THAT(add_report_as("ada", 1), is_ok());
    EXPECT_THAT(approve_as("pia", id, digest_of(1)), is_ok()) << "the first one has lapsed";
}

TEST_F(Decisions, AnApproverMaySayWhichEvidenceTheySaw) {
    add_version();
    const RequestId id = open_as("dan", 1)->id;
    const Digest seen_before = request(id).subject.value();
    ASSERT_THAT(add_report_as("ada", 1), is_ok());
    const auto approve_seen = [&](const Digest& subject) {
        return write("pia", [&](Transaction& t) { return approve(t, id, digest_of(1), "", subject); });
    };
    EXPECT_THAT(approve_seen(seen_before), fails_saying(Code::aborted, "has changed"));
    EXPECT_THAT(approve_seen(request(id).subject.value()), is_ok());
}

TEST_F(Decisions, AReportOfAnotherVersionLapsesNothing) {
    add_version();
    add_version();
    const RequestId id = approved_request(1);
    ASSERT_THAT(add_report_as("ada", 2), is_ok());
    EXPECT_EQ(request(id).state, RequestState::approved);
}

TEST_F(Decisions, ARejectionEndsTheRequestAndANewOneStartsAnew) {
    add_version();
    const RequestId id = approved_request(1);
    const auto no_reason = reject_as("pat", id, " \n");
    EXPECT_THAT(no_reason, fails_with(Code::invalid_argument));
    EXPECT_EQ(no_reason.error().fields.at(0).field, "reason");

    const auto rejected = reject_as("pat", id, "recall is too low");
    ASSERT_THAT(rejected, is_ok());
    EXPECT_EQ(rejected->state, RequestState::rejected);
    EXPECT_EQ(rejected->closing_reason, "recall is too low");
    EXPECT_FALSE(rejected->evaluation.satisfied);
    EXPECT_EQ(stage(1), Stage::rejected);
    EXPECT_THAT(approve_as("pia", id, digest_of(1)), fails_with(Code::failed_precondition));
    EXPECT_THAT(reject_as("pia", id), fails_with(Code::failed_precondition));
    EXPECT_THAT(withdraw_as("dan", id), fails_with(Code::failed_precondition));
    EXPECT_THAT(promote_as("dora", id), fails_with(Code::failed_precondition));

    const auto again = open_as("dan", 1);
    ASSERT_THAT(again, is_ok());
    EXPECT_EQ(stage(1), Stage::staged);
    EXPECT_THAT(again->approvals, IsEmpty()) << "approvals of the old request do not count for the new one";
    EXPECT_THAT(changes(1), ElementsAre("registered", "requested", "approved", "rejected", "requested"));
}

TEST_F(Decisions, TheOwnRequestMayBeRejectedByAnApprover) {
    add_version();
    const RequestId id = open_as("olga", 1)->id;
    EXPECT_THAT(reject_as("olga", id), is_ok());
}

TEST_F(Decisions, ARejectionInOnePlaceLeavesWhatHoldsElsewhere) {
    make_live(add_version());
    const RequestId id = open_as("dan", 1, staging)->id;
    ASSERT_THAT(reject_as("pia", id), is_ok());
    EXPECT_EQ(stage(1), Stage::live);
    make_live(add_version());
    EXPECT_EQ(stage(1), Stage::approved) << "it may still be rolled back to";
}

}  // namespace
}  // namespace baton::registry
