#include "registry/store.h"

#include <thread>

#include "registry/audit.h"
#include "registry/storage/database.h"
#include "registry/storage/live_set_table.h"
#include "tests/registry/fixture.h"

namespace baton::registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Call with_key(Call call, const std::string& key, const std::string& request) {
    call.idempotency = Idempotency{key, sha256(request)};
    return call;
}

std::function<Result<Answer>(Transaction&)> counting(int& runs) {
    return [&runs](Transaction&) -> Result<Answer> {
        ++runs;
        return Answer{201, "run " + std::to_string(runs), {{"ETag", "\"1\""}, {"X", "a"}, {"X", "b"}}, false};
    };
}

TEST_F(StoreTest, RefusesASecondHolderOfTheFolder) {
    EXPECT_THAT(Store::open(folder(), clock()), fails_saying(Code::failed_precondition, "in use by another process"));
    reopen();
}

TEST_F(StoreTest, WorkThatFailsLeavesNothing) {
    const auto failed = write("ada", [](Transaction& t) -> Result<Model> {
        BATON_TRY(create_model(t, {model_name("m"), "", {{"team", "risk"}}}));
        return failed_precondition("changed my mind");
    });
    EXPECT_THAT(failed, fails_saying(Code::failed_precondition, "changed my mind"));
    const auto thrown = write("ada", [](Transaction& t) -> Result<Model> {
        BATON_TRY(create_model(t, {model_name("m"), "", {}}));
        throw storage::StorageError(storage::StorageError::Kind::full, "no space");
    });
    EXPECT_THAT(thrown, fails_with(Code::out_of_space));
    EXPECT_THAT(read([&](const Snapshot& s) { return get_model(s, caller("ada"), model_name("m")); }),
                fails_with(Code::not_found));
    const auto entries = read(
        [&](const Snapshot& s) { return list_audit(s, caller("root"), {.filter = "action = 'model.created'"}, 0); });
    EXPECT_THAT(entries.value().items, IsEmpty());
}

TEST_F(StoreTest, WhatIsCommittedSurvivesARestart) {
    register_as("ada", "m");
    reopen();
    const auto version =
        read([&](const Snapshot& s) { return get_version(s, caller("ada"), model_name("m"), VersionRef(1)); });
    EXPECT_THAT(version, is_ok());
}

TEST_F(StoreTest, ARepeatedRequestGetsTheStoredAnswer) {
    int runs = 0;
    const Call call = with_key(as("ada"), "key-1", "POST /models a");
    const auto first = store().answer(call, counting(runs));
    const auto again = store().answer(call, counting(runs));
    ASSERT_THAT(again, is_ok());
    EXPECT_EQ(runs, 1);
    EXPECT_FALSE(first.value().replayed);
    EXPECT_TRUE(again.value().replayed);
    EXPECT_EQ(again.value().status, 201);
    EXPECT_EQ(again.value().body, "run 1");
    EXPECT_EQ(again.value().headers, first.value().headers);
}

TEST_F(StoreTest, AKeyBelongsToOneRequestOfOneUser) {
    int runs = 0;
    ASSERT_THAT(store().answer(with_key(as("ada"), "key", "a"), counting(runs)), is_ok());
    EXPECT_THAT(store().answer(with_key(as("ada"), "key", "b"), counting(runs)),
                fails_saying(Code::already_exists, "another request"));
    EXPECT_FALSE(store().answer(with_key(as("dan"), "key", "b"), counting(runs)).value().replayed);
    EXPECT_EQ(runs, 2);
}

TEST_F(StoreTest, AFailedAnswerIsNotStored) {
    const Call call = with_key(as("ada"), "key", "a");
    const auto failing = [](Transaction&) -> Result<Answer> { return not_found("not yet"); };
    EXPECT_THAT(store().answer(call, failing), fails_with(Code::not_found));
    int runs = 0;
    EXPECT_FALSE(store().answer(call, counting(runs)).value().replayed);
}

TEST_F(StoreTest, AnswersAreForgottenAfterSevenDays) {
    int runs = 0;
    const Call call = with_key(as("ada"), "key", "a");
    ASSERT_THAT(store().answer(call, counting(runs)), is_ok());
    clock().advance(std::chrono::days(7));
    EXPECT_TRUE(store().answer(call, counting(runs)).value().replayed);
    clock().advance(std::chrono::seconds(1));
    EXPECT_FALSE(store().answer(call, counting(runs)).value().replayed);
}

TEST_F(StoreTest, LargeAnswersAreForgottenAfterOneDay) {
    const auto answered = [&](const std::string& key, std::size_t size) {
        return store().answer(with_key(as("ada"), key, "a"), [&](Transaction&) -> Result<Answer> {
            return Answer{201, std::string(size, 'x'), {}, false};
        });
    };
    ASSERT_THAT(answered("large", 65537), is_ok());
    ASSERT_THAT(answered("usual", 65536), is_ok());
    clock().advance(std::chrono::days(1));
    EXPECT_TRUE(answered("large", 65537)->replayed);
    clock().advance(std::chrono::seconds(1));
    EXPECT_FALSE(answered("large", 65537)->replayed);
    EXPECT_TRUE(answered("usual", 65536)->replayed);
}

TEST_F(StoreTest, RefusesBadKeys) {
    int runs = 0;
    for (const std::string& key : {std::string(), std::string("a b"), std::string("ä"), std::string(256, 'k')})
        EXPECT_THAT(store().answer(with_key(as("ada"), key, "a"), counting(runs)), fails_with(Code::invalid_argument))
            << key;
    EXPECT_EQ(runs, 0);
}

TEST_F(StoreTest, TellsOfLiveChangesAfterTheCommitOnly) {
    std::vector<std::int64_t> told;
    store().on_live_change([&](std::int64_t revision) {
        // The commit is visible and the store is free for use.
        EXPECT_EQ(read([](const Snapshot& s) -> Result<std::int64_t> {
                      return storage::live_set_revision(s.connection());
                  }).value(),
                  revision);
        told.push_back(revision);
    });
    const auto bump = [](Transaction& t) -> Result<std::int64_t> { return storage::bump_live_revision(t); };
    EXPECT_EQ(write("dora", bump).value(), 1);
    EXPECT_THAT(write("dora",
                      [&](Transaction& t) -> Result<std::int64_t> {
                          BATON_TRY(bump(t));
                          return not_found("rolled back");
                      }),
                fails_with(Code::not_found));
    EXPECT_EQ(write("dora", bump).value(), 2);
    EXPECT_THAT(told, ElementsAre(1, 2));
}

TEST_F(StoreTest, ReadersSeeOneMomentWhileOthersWrite) {
    const auto count = [&](const Snapshot& s) {
        return list_models(s, caller("vic"), {.size = 1000}).value().items.size();
    };
    const auto seen = read([&](const Snapshot& s) -> Result<bool> {
        const std::size_t before = count(s);
        std::thread writer([&] { register_as("ada", "m"); });
        writer.join();
        EXPECT_EQ(count(s), before);
        return true;
    });
    ASSERT_THAT(seen, is_ok());
    EXPECT_EQ(read([&](const Snapshot& s) -> Result<std::size_t> { return count(s); }).value(), 1U);
}

TEST_F(StoreTest, AFreshlyUsedStoreIsWhole) {
    register_as("ada", "m");
    EXPECT_THAT(store().checkpoint(), is_ok());
    EXPECT_THAT(store().check().value(), IsEmpty());
}

}  // namespace
}  // namespace baton::registry
