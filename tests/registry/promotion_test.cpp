// Promotion: all that is needed, in one transaction, and one winner.
#include <barrier>
#include <thread>

#include "registry/storage/database.h"
#include "registry/workflow.h"
#include "tests/registry/handoff.h"

namespace baton::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Promotion : public Handoff {
protected:
    // What a refused change must leave as it was.
    std::string everything() const {
        std::string text = "revision " + std::to_string(revision()) + ", audit " + std::to_string(audit().size());
        const SlotHistory all = slots();
        for (const auto& list : {all.current, all.past})
            for (const Slot& slot : list)
                text +=
                    "\n" + slot.environment.text() + " " + std::to_string(slot.version) + (slot.until ? " past" : "");
        for (VersionNumber number = 1; number <= last_version(); ++number) {
            text += "\n" + std::to_string(number) + " " + std::string(stage_name(stage(number)));
            for (const std::string& change : changes(number)) text += " " + change;
        }
        return text;
    }
};

TEST_F(Promotion, ListsAllThatIsMissingAndWritesNothing) {
    make_live(add_version());
    add_version(false);
    const RequestId id = open_as("dan", 2)->id;
    const std::string before = everything();

    const auto refused = promote_as("dora", id);
    ASSERT_THAT(refused, fails_with(Code::failed_precondition));
    EXPECT_THAT(missing_of(refused.error()), ElementsAre("validation_report", "approvals"));
    for (const Missing& missing : refused.error().missing) EXPECT_NE(missing.explanation, "");
    EXPECT_THAT(refused.error().message, HasSubstr("credit-risk/2"));
    EXPECT_EQ(everything(), before);
    EXPECT_EQ(request(id).state, RequestState::open);

    clock().advance(std::chrono::days(30));
    EXPECT_THAT(missing_of(promote_as("dora", id).error()),
                ElementsAre("validation_report", "approvals", "not_expired"));
    EXPECT_EQ(everything(), before);
}

TEST_F(Promotion, WhatChangedSinceTheApprovalIsLookedAtAgain) {
    add_version();
    const RequestId id = approved_request(1);
    const std::string before = everything();
    // Behind the back of whoever keeps stages up to date: the promoting transaction looks for itself.
    ASSERT_THAT(write("root",
                      [](Transaction& t) -> Result<std::int64_t> {
                          return t.connection().execute("UPDATE users SET disabled = 1 WHERE name = 'pia'");
                      }),
                is_ok());
    const auto refused = promote_as("dora", id);
    ASSERT_THAT(refused, fails_with(Code::failed_precondition));
    EXPECT_THAT(missing_of(refused.error()), ElementsAre("approvals"));
    EXPECT_THAT(refused.error().missing[0].explanation, HasSubstr("pia is disabled"));
    EXPECT_EQ(everything(), before);
}

TEST_F(Promotion, WhatWasFoundAgainSinceIsLookedAtToo) {
    add_version();
    const RequestId id = approved_request(1);
    ASSERT_THAT(set_roles("pia", {Role::viewer}), is_ok());
    ASSERT_EQ(stage(1), Stage::staged);
    ASSERT_THAT(write("root",
                      [](Transaction& t) -> Result<std::int64_t> {
                          return t.connection().execute("UPDATE users SET roles = 'approver' WHERE name = 'pia'");
                      }),
                is_ok());
    ASSERT_THAT(promote_as("dora", id), is_ok());
    EXPECT_EQ(stage(1), Stage::live);
    EXPECT_THAT(changes(1), ElementsAre("registered", "requested", "approved", "lapsed", "approved", "promoted"));
}

// As after a restore by hand: the row of the decision names other bytes than the request's.
TEST_F(Promotion, AnApprovalOfOtherBytesNeverCounts) {
    add_version();
    const RequestId id = open_as("dan", 1)->id;
    ASSERT_THAT(write("root",
                      [&](Transaction& t) -> Result<std::int64_t> {
                          return t.connection().execute(
                              "INSERT INTO decisions (request_id, user_name, decision, digest, comment, at)"
                              " VALUES ($1, 'pia', 'approve', $2, '', 0)",
                              {id, digest_of(2).hex()});
                      }),
                is_ok());
    const auto refused = promote_as("dora", id);
    ASSERT_THAT(refused, fails_with(Code::failed_precondition));
    EXPECT_THAT(missing_of(refused.error()), ElementsAre("approvals"));
    EXPECT_THAT(refused.error().missing[0].explanation, HasSubstr("another digest"));
}

TEST_F(Promotion, ReplacesWhatWasLive) {
    const Slot first = make_live(add_version());
    clock().advance(std::chrono::hours(1));
    const Slot second = make_live(add_version());
    EXPECT_EQ(second.revision, first.revision + 1);
    EXPECT_EQ(second.reason, "please");
    EXPECT_EQ(stage(1), Stage::approved) << "a target of rollbacks";
    EXPECT_EQ(stage(2), Stage::live);
    EXPECT_EQ(live_in(production()), 2);

    const HistoryEntry superseded = history(1).back();
    EXPECT_EQ(superseded.change, "superseded");
    EXPECT_EQ(superseded.actor.text(), "dora");
    EXPECT_EQ(superseded.environment, production());
    EXPECT_EQ(superseded.request, second.request);

    const AuditEntry entry = audit().front().action == "promotion.executed" ? audit().front() : audit().back();
    ASSERT_EQ(entry.action, "promotion.executed");
    EXPECT_EQ(entry.actor, "dora");
    EXPECT_EQ(entry.object, "model/credit-risk/version/2");
    EXPECT_EQ(entry.digest, digest_of(2));
    EXPECT_EQ(entry.details.at("environment"), "production");
    EXPECT_EQ(entry.details.at("request"), std::to_string(second.request.value()));
    EXPECT_EQ(entry.details.at("approved_by"), "pia");
    EXPECT_EQ(entry.details.at("replaced"), "1");
    EXPECT_EQ(entry.details.at("replaced_digest"), digest_of(1).text());
}

TEST_F(Promotion, LeavesTheLastPlaceOnlyWhenNoneIsLeft) {
    make_live(add_version());
    make_live(1, staging);
    make_live(add_version());
    EXPECT_EQ(stage(1), Stage::live);
    make_live(2, staging);
    EXPECT_EQ(stage(1), Stage::approved);
}

TEST_F(Promotion, HappensOnce) {
    add_version();
    const RequestId id = approved_request(1);
    ASSERT_THAT(promote_as("dora", id), is_ok());
    const std::string before = everything();
    const auto again = promote_as("dora", id);
    ASSERT_THAT(again, fails_saying(Code::failed_precondition, "executed"));
    EXPECT_EQ(everything(), before);
}

TEST_F(Promotion, ComparesTheRevisionOfTheSlot) {
    add_version();
    add_version();
    add_version();
    const RequestId first = approved_request(1);
    EXPECT_THAT(promote_as("dora", first, 1), fails_saying(Code::aborted, "revision is 0"));
    const auto slot = promote_as("dora", first, 0);
    ASSERT_THAT(slot, is_ok());
    make_live(2, staging);  // moves the live set, not this slot

    const RequestId second = approved_request(3);
    const std::string before = everything();
    EXPECT_THAT(promote_as("dora", second, 0), fails_saying(Code::aborted, "revision is 1"));
    EXPECT_THAT(promote_as("dora", second, 2), fails_saying(Code::aborted, "credit-risk/1 is live there"));
    EXPECT_EQ(everything(), before);
    EXPECT_THAT(promote_as("dora", second, slot->revision), is_ok());
}

TEST_F(Promotion, TellsTheListenerAfterTheCommit) {
    std::vector<std::int64_t> told;
    store().on_live_change([&](std::int64_t revision) { told.push_back(revision); });
    add_version();
    const RequestId id = open_as("dan", 1)->id;
    EXPECT_THAT(promote_as("dora", id), fails_with(Code::failed_precondition));
    EXPECT_THAT(told, ElementsAre());
    ASSERT_THAT(approve_as("pia", id, digest_of(1)), is_ok());
    ASSERT_THAT(promote_as("dora", id), is_ok());
    EXPECT_THAT(told, ElementsAre(1));
    EXPECT_EQ(revision(), 1);
}

TEST_F(Promotion, IsUndoneWithItsTransaction) {
    add_version();
    const RequestId id = approved_request(1);
    const std::string before = everything();
    const auto failed = write("dora", [&](Transaction& t) -> Result<Slot> {
        BATON_TRY(promote(t, id, {}));
        return failed_precondition("something else went wrong");
    });
    EXPECT_THAT(failed, fails_with(Code::failed_precondition));
    EXPECT_EQ(everything(), before);
    EXPECT_EQ(request(id).state, RequestState::approved);
}

// One winner; the others are told that they lost, and nothing of theirs is written.
TEST_F(Promotion, OfOneRequestByManyAtOnceHasOneWinner) {
    add_version();
    const RequestId id = approved_request(1);
    constexpr int threads = 4;
    std::barrier start(threads);
    std::atomic<int> won = 0;
    std::atomic<int> lost = 0;
    std::vector<std::jthread> running;
    for (int i = 0; i < threads; ++i) {
        running.emplace_back([&] {
            start.arrive_and_wait();
            const auto slot = promote_as("dora", id);
            if (slot.ok()) ++won;
            if (!slot.ok() && slot.error().code == Code::failed_precondition) ++lost;
        });
    }
    running.clear();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, threads - 1);
    EXPECT_EQ(revision(), 1);
}

TEST_F(Promotion, OfManyRequestsForOneSlotRevisionHasOneWinner) {
    make_live(add_version());
    constexpr int threads = 4;
    std::vector<RequestId> ids;
    for (int i = 0; i < threads; ++i) ids.push_back(approved_request(add_version()));
    std::barrier start(threads);
    std::atomic<int> won = 0;
    std::atomic<int> aborted = 0;
    std::vector<std::jthread> running;
    for (const RequestId id : ids) {
        running.emplace_back([&, id] {
            start.arrive_and_wait();
            const auto slot = promote_as("dora", id, 1);
            if (slot.ok()) ++won;
            if (!slot.ok() && slot.error().code == Code::aborted) ++aborted;
        });
    }
    running.clear();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(aborted, threads - 1);
    EXPECT_EQ(revision(), 2);
    EXPECT_EQ(slots().current.size(), 1U);
    EXPECT_EQ(slots().past.size(), 1U);
}

}  // namespace
}  // namespace baton::registry
