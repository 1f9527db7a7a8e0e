#include "registry/workflow.h"
#include "tests/registry/handoff.h"

namespace baton::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Rollback = Handoff;

TEST_F(Rollback, GoesBackToWhatWasLiveBefore) {
    make_live(add_version());
    const Slot bad = make_live(add_version());
    clock().advance(std::chrono::minutes(5));
    const auto slot = rollback_as("dora", {}, production(), "answers are wrong");
    ASSERT_THAT(slot, is_ok());
    EXPECT_EQ(slot->version, 1);
    EXPECT_EQ(slot->digest, digest_of(1));
    EXPECT_EQ(slot->rollback_of, 2);
    EXPECT_EQ(slot->request, std::nullopt);
    EXPECT_EQ(slot->reason, "answers are wrong");
    EXPECT_EQ(slot->revision, bad.revision + 1);
    EXPECT_EQ(live_in(production()), 1);
    EXPECT_EQ(stage(1), Stage::live);
    EXPECT_EQ(stage(2), Stage::staged);
    EXPECT_EQ(changes(1).back(), "restored");
    EXPECT_EQ(changes(2).back(), "rolled_back");
    EXPECT_EQ(history(2).back().reason, "answers are wrong");
    bool logged = false;
    for (const AuditEntry& entry : audit())
        if (entry.action == "rollback.executed")
            logged = entry.object == "model/credit-risk/version/1" && entry.details.at("rollback_of") == "2" &&
                     entry.details.at("reason") == "answers are wrong";
    EXPECT_TRUE(logged);
}

TEST_F(Rollback, NeedsNobodyButTheDeployer) {
    make_live(add_version());
    make_live(add_version());
    for (const char* name : {"pia", "pat", "ada", "dan"}) ASSERT_THAT(set_roles(name, {Role::viewer}), is_ok());
    EXPECT_THAT(rollback_as("dora"), is_ok());
}

TEST_F(Rollback, NeedsAReason) {
    make_live(add_version());
    make_live(add_version());
    EXPECT_THAT(rollback_as("dora", {}, production(), "  "), fails_with(Code::invalid_argument));
    EXPECT_EQ(live_in(production()), 2);
}

TEST_F(Rollback, KeepsToTheEnvironmentOfTheToken) {
    make_live(add_version());
    make_live(add_version());
    Call call = as("dora");
    call.caller.environments = {"staging"};
    EXPECT_THAT(write(call, [&](Transaction& t) { return rollback(t, model_, production(), {}, "no"); }),
                fails_with(Code::permission_denied));
}

TEST_F(Rollback, GoesToANamedVersionThatWasLiveThere) {
    for (int i = 0; i < 3; ++i) make_live(add_version());
    const auto slot = rollback_as("dora", VersionRef(VersionNumber(1)));
    ASSERT_THAT(slot, is_ok());
    EXPECT_EQ(slot->version, 1);
    EXPECT_EQ(stage(2), Stage::approved);
    EXPECT_EQ(stage(3), Stage::staged);
}

TEST_F(Rollback, IsRefusedWithTheReason) {
    make_live(add_version());
    make_live(add_version(), staging);
    make_live(add_version());
    make_live(add_version());
    ASSERT_THAT(retire_as("dora", 3), is_ok());
    const auto why = [&](VersionNumber to) { return missing_of(rollback_as("dora", VersionRef(to)).error()); };
    EXPECT_THAT(why(2), ElementsAre("was_live_there"));
    EXPECT_THAT(why(3), ElementsAre("not_retired"));
    EXPECT_THAT(why(4), ElementsAre("not_live_there"));
    EXPECT_THAT(rollback_as("dora", VersionRef(VersionNumber(9))), fails_with(Code::not_found));
    EXPECT_THAT(rollback_as("dora", {}, Environment::trusted("nowhere")),
                fails_saying(Code::failed_precondition, "nothing of credit-risk is live"));
    EXPECT_THAT(rollback_as("dora", {}, staging), fails_with(Code::failed_precondition));
    EXPECT_THAT(write("dora", [](Transaction& t) { return rollback(t, model_name("other"), production(), {}, "no"); }),
                fails_with(Code::not_found));

    // Without a name the retired one is passed over.
    const auto slot = rollback_as("dora");
    ASSERT_THAT(slot, is_ok());
    EXPECT_EQ(slot->version, 1);
}

TEST_F(Rollback, WhatIsRetiredIsNamedWhenNothingElseIsLeft) {
    make_live(add_version());
    make_live(add_version());
    ASSERT_THAT(retire_as("dora", 1), is_ok());
    const auto refused = rollback_as("dora");
    ASSERT_THAT(refused, fails_with(Code::failed_precondition));
    ASSERT_THAT(missing_of(refused.error()), ElementsAre("not_retired"));
    EXPECT_THAT(refused.error().missing[0].explanation, HasSubstr("credit-risk/1"));
}

TEST_F(Rollback, WhatWasRolledBackFromNeedsANewRequest) {
    make_live(add_version());
    const Slot bad = make_live(add_version());
    ASSERT_THAT(rollback_as("dora"), is_ok());

    const auto forward = rollback_as("dora", VersionRef(VersionNumber(2)));
    ASSERT_THAT(forward, fails_with(Code::failed_precondition));
    EXPECT_THAT(missing_of(forward.error()), ElementsAre("not_rolled_back_from"));
    EXPECT_THAT(rollback_as("dora"), fails_with(Code::failed_precondition)) << "nor by going back twice";
    EXPECT_THAT(promote_as("dora", bad.request.value()), fails_with(Code::failed_precondition))
        << "nor by the old request";

    EXPECT_EQ(make_live(2).version, 2);
    EXPECT_EQ(rollback_as("dora")->version, 1) << "it counts afresh from then on";
}

// A version with an approved request may come to be live by a rollback. That request must not bring it back once more.
TEST_F(Rollback, WithdrawsTheRequestsThatItMakesNeedless) {
    for (int i = 0; i < 3; ++i) make_live(add_version());
    const RequestId waiting = approved_request(2);
    const RequestId elsewhere = approved_request(2, staging);
    ASSERT_EQ(rollback_as("dora")->version, 2);
    EXPECT_EQ(request(waiting).state, RequestState::withdrawn);
    EXPECT_EQ(request(elsewhere).state, RequestState::approved);
    ASSERT_EQ(rollback_as("dora")->version, 1);
    EXPECT_THAT(promote_as("dora", waiting), fails_with(Code::failed_precondition));
    EXPECT_EQ(stage(2), Stage::approved) << "by its request for staging";
}

TEST_F(Rollback, LeavesOtherPlacesAlone) {
    make_live(add_version());
    make_live(1, staging);
    make_live(add_version());
    make_live(2, staging);
    ASSERT_THAT(rollback_as("dora"), is_ok());
    EXPECT_EQ(live_in(staging), 2);
    EXPECT_EQ(stage(1), Stage::live);
    EXPECT_EQ(stage(2), Stage::live);
    ASSERT_THAT(rollback_as("dora", {}, staging), is_ok());
    EXPECT_EQ(stage(2), Stage::staged);
}

TEST_F(Rollback, FromAVersionWhoseRequestElsewhereWasRejected) {
    make_live(add_version());
    make_live(add_version());
    const RequestId id = open_as("dan", 2, staging)->id;
    ASSERT_THAT(reject_as("pia", id), is_ok());
    EXPECT_EQ(stage(2), Stage::live);
    ASSERT_THAT(rollback_as("dora"), is_ok());
    EXPECT_EQ(stage(2), Stage::rejected);
}

TEST_F(Rollback, WhereItWouldGoIsKnownBefore) {
    const auto target = [&]() -> std::optional<VersionNumber> {
        const auto version =
            seen([&](const Snapshot& s) { return Result(rollback_target(s, slots().current.front())); });
        return version ? std::optional(version->number) : std::nullopt;
    };
    make_live(add_version());
    EXPECT_EQ(target(), std::nullopt) << "nothing was live before";
    make_live(add_version());
    make_live(add_version());
    EXPECT_EQ(target(), 2);
    ASSERT_THAT(rollback_as("dora"), is_ok());
    EXPECT_EQ(target(), 1) << "not to what was rolled back from";
    const std::int64_t before = revision();
    ASSERT_THAT(retire_as("dora", 1), is_ok());
    EXPECT_EQ(target(), std::nullopt);
    EXPECT_GT(revision(), before) << "servers are told";
    const VersionNumber never_live = add_version();
    const std::int64_t after = revision();
    ASSERT_THAT(retire_as("dora", never_live), is_ok());
    EXPECT_EQ(revision(), after);
}

}  // namespace
}  // namespace baton::registry
