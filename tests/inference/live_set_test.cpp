#include "inference/live_set.h"

#include <gmock/gmock.h>

#include <thread>

#include "tests/inference/live_set_fixture.h"

namespace baton::inference {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(LiveSetTest, ServesWhatIsWanted) {
    put("a", 1, "10");
    put("b", 7, "70");
    LiveSet& set = start();
    EXPECT_FALSE(set.settled(0));
    settle(3, {slot("b", 7), slot("a", 1)});

    EXPECT_EQ(answer(table.live("a")), 10);
    EXPECT_EQ(answer(table.version("b", 7)), 70);
    EXPECT_EQ(table.live("a")->digest, digest_of("a", 1));
    EXPECT_LT(table.live("a")->cost_per_row, std::chrono::seconds(10));
    EXPECT_EQ(table.live("c"), nullptr);
    EXPECT_EQ(table.version("a", 2), nullptr);
    EXPECT_EQ(table.routes()->revision, 3U);
    const auto statuses = set.statuses();
    ASSERT_EQ(statuses.size(), 2U);
    EXPECT_EQ(statuses[0].model, "b");
    EXPECT_EQ(statuses[0].state, ServingState::ready);
    EXPECT_EQ(statuses[0].revision, 7U);
}

TEST_F(LiveSetTest, KeepsTheOldVersionWhenTheNewOneFails) {
    struct Case {
        const char* blob;  // null: the bytes are gone
        const char* message;
    };
    const std::vector<Case> cases = {
        {nullptr, "digest mismatch"}, {"broken", "Magic"}, {"throws", "out of memory"}, {"-1", "cannot run"}};
    put("a", 1, "10");
    put("b", 1, "20");
    LiveSet& set = start();
    settle(1, {slot("a", 1)});
    std::uint32_t version = 1;
    for (const auto& [blob, message] : cases) {
        ++version;
        if (blob != nullptr) put("a", version, blob);
        settle(version, {slot("a", version), slot("b", 1)});
        EXPECT_EQ(answer(table.live("a")), 10);
        EXPECT_EQ(answer(table.live("b")), 20) << "the others go on";
        EXPECT_EQ(set.statuses()[0].state, ServingState::failed);
        EXPECT_EQ(set.statuses()[0].answering, 1U);
        EXPECT_THAT(set.statuses()[0].message, HasSubstr(message));
        EXPECT_THAT(loaded_versions("a"), ElementsAre(1U));
    }
}

TEST_F(LiveSetTest, AModelThatRefusesMadeUpRowsIsServedUnmeasured) {
    put("a", 1, "-2");
    start();
    settle(1, {slot("a", 1)});
    EXPECT_EQ(table.live("a")->cost_per_row, ServedVersion::unmeasured_cost);
}

TEST_F(LiveSetTest, IgnoresAnOlderRevision) {
    put("a", 1, "10");
    put("a", 2, "20");
    LiveSet& set = start();
    settle(5, {slot("a", 2)});
    set.want(4, {slot("a", 1)});
    settle(6, {slot("a", 2)});
    EXPECT_EQ(answer(table.live("a")), 20);
    EXPECT_THAT(loaded_versions("a"), ElementsAre(2U));
}

TEST_F(LiveSetTest, ANewerLiveSetOvertakesOneThatLoads) {
    put("slow", 1, "gated");
    put("a", 1, "10");
    put("a", 2, "20");
    LiveSet& set = start();
    set.want(1, {slot("slow", 1), slot("a", 1)});
    EXPECT_EQ(set.statuses()[0].state, ServingState::loading);
    settle(2, {slot("a", 2)});
    EXPECT_TRUE(set.settled(1));
    EXPECT_EQ(answer(table.live("a")), 20);
    EXPECT_EQ(table.live("slow"), nullptr);
    EXPECT_EQ(table.routes()->revision, 2U);
    EXPECT_THAT(loaded_versions("a"), ElementsAre(2U));
    gate.count_down();
    stop();
    EXPECT_EQ(table.live("slow"), nullptr) << "what nobody wants any more is not served once it is loaded";
}

TEST_F(LiveSetTest, ServesEachModelAsSoonAsItIsLoaded) {
    put("a", 1, "10");
    put("slow", 1, "gated");
    LiveSet& set = start();
    set.want(9, {slot("a", 1), slot("slow", 1)});
    wait_until([&] { return table.live("a") != nullptr; });
    EXPECT_EQ(table.routes()->revision, 0U) << "not all of revision 9 is there";
    EXPECT_FALSE(set.settled(9));
    gate.count_down();
    wait_until([&] { return set.settled(9); });
    EXPECT_EQ(table.routes()->revision, 9U);
}

TEST_F(LiveSetTest, KeepsThePreviousVersionWarmAndFreesTheOneBefore) {
    for (std::uint32_t version = 1; version <= 3; ++version) put("a", version, std::to_string(version));
    start();
    settle(1, {slot("a", 1)});
    const std::weak_ptr<const ServedVersion> first = table.live("a");
    settle(2, {after(slot("a", 2), 1)});
    EXPECT_THAT(loaded_versions("a"), ElementsAre(1U, 2U));
    EXPECT_EQ(answer(table.version("a", 1)), 1);

    settle(3, {slot("a", 1)});  // rolled back without loading
    EXPECT_EQ(reads, 2);
    EXPECT_EQ(table.live("a"), first.lock());
    EXPECT_THAT(loaded_versions("a"), ElementsAre(1U)) << "no rollback goes to what was rolled back from";

    settle(4, {after(slot("a", 2), 1)});
    const ServedVersionPtr in_flight = first.lock();
    settle(5, {after(slot("a", 3), 2)});
    EXPECT_THAT(loaded_versions("a"), ElementsAre(2U, 3U));
    EXPECT_EQ(answer(in_flight), 1) << "a running request keeps its version";
}

TEST_F(LiveSetTest, AWarmVersionThatNoRollbackGoesToAnyMoreIsFreed) {
    for (std::uint32_t version = 1; version <= 2; ++version) put("a", version, std::to_string(version));
    LiveSet& set = start();
    settle(1, {slot("a", 1)});
    settle(2, {after(slot("a", 2), 1)});
    ASSERT_THAT(loaded_versions("a"), ElementsAre(1U, 2U));
    settle(3, {slot("a", 2)});  // as after a retirement of 1
    EXPECT_THAT(loaded_versions("a"), ElementsAre(2U));
    EXPECT_TRUE(set.departing().empty());
}

TEST_F(LiveSetTest, ThePreviousVersionAnswersWhereTheWantedOneFailsAfterAStart) {
    put("a", 1, "10");
    put("a", 2, "broken");
    LiveSet& set = start();
    settle(5, {after(slot("a", 2), 1)});
    EXPECT_EQ(answer(table.live("a")), 10);
    EXPECT_EQ(table.version("a", 2), nullptr);
    ASSERT_EQ(set.statuses()[0].state, ServingState::failed);
    EXPECT_EQ(set.statuses()[0].version, 2U);
    EXPECT_EQ(set.statuses()[0].answering, 1U);
    EXPECT_THAT(set.statuses()[0].message, HasSubstr("Magic"));

    put("a", 2, "20");
    WantedSlot again = after(slot("a", 2), 1);
    again.revision = 6;
    settle(6, {again});
    EXPECT_EQ(reads, 3) << "what failed is tried again, and no more";
    EXPECT_EQ(answer(table.live("a")), 20);
    EXPECT_EQ(set.statuses()[0].answering, 2U);
    EXPECT_THAT(loaded_versions("a"), ElementsAre(1U, 2U));
}

TEST_F(LiveSetTest, NothingAnswersWhereThePreviousVersionFailsToo) {
    put("a", 1, "broken");
    LiveSet& set = start();
    settle(5, {after(slot("a", 2), 1)});
    EXPECT_EQ(table.live("a"), nullptr);
    EXPECT_EQ(set.statuses()[0].state, ServingState::failed);
    EXPECT_EQ(set.statuses()[0].answering, std::nullopt);
    EXPECT_THAT(set.statuses()[0].message, HasSubstr("digest mismatch"));
}

TEST_F(LiveSetTest, AVersionIsFreedWhenItsLastRequestEnds) {
    put("a", 1, "10");
    put("a", 2, "20");
    LiveSet& set = start();
    settle(1, {slot("a", 1)});
    ServedVersionPtr in_flight = table.live("a");
    const std::weak_ptr<const ServedVersion> first = in_flight;
    settle(2, {slot("a", 2)});
    EXPECT_FALSE(first.expired());
    in_flight.reset();
    wait_until([&] { return set.departing().empty(); });
    EXPECT_TRUE(first.expired());
}

TEST_F(LiveSetTest, ForgetsAModelThatIsNoLongerWanted) {
    put("a", 1, "10");
    put("a", 2, "20");
    start();
    settle(1, {slot("a", 1)});
    settle(2, {after(slot("a", 2), 1)});
    const std::weak_ptr<const ServedVersion> first = table.version("a", 1);
    settle(3, {});
    EXPECT_EQ(table.routes()->find("a"), nullptr);
    EXPECT_TRUE(first.expired());
}

TEST_F(LiveSetTest, KeepsEnvironmentsApartButLoadsAVersionOnce) {
    put("a", 1, "10");
    put("a", 2, "20");
    start({.environment = "staging"});
    settle(1, {slot("a", 1, "production"), slot("a", 2, "staging"), slot("a", 2, "canary")});
    EXPECT_EQ(answer(table.live("a")), 20);
    EXPECT_EQ(answer(table.live_in("a", "production")), 10);
    EXPECT_EQ(answer(table.live_in("a", "canary")), 20);
    EXPECT_EQ(table.live_in("a", "nowhere"), nullptr);
    EXPECT_THAT(loaded_versions("a"), ElementsAre(1U, 2U));
    EXPECT_EQ(reads, 2);
}

TEST_F(LiveSetTest, AVersionOfFilesOnlyIsReadyButNotRoutable) {
    put("a", 1, "10");
    LiveSet& set = start();
    settle(1, {slot("a", 1)});
    WantedSlot files = slot("a", 2);
    files.model_file.reset();
    settle(2, {after(files, 1)});
    EXPECT_EQ(table.live("a"), nullptr);
    EXPECT_EQ(set.statuses()[0].state, ServingState::ready);
    EXPECT_EQ(set.statuses()[0].message, files_only);
    EXPECT_THAT(loaded_versions("a"), ElementsAre(1U)) << "the one before stays warm";
}

TEST_F(LiveSetTest, EveryAnswerUnderSwapsIsFromAVersionThatWasLive) {
    constexpr std::uint32_t versions = 100;
    for (std::uint32_t version = 1; version <= versions; ++version) put("a", version, std::to_string(version));
    start();
    settle(1, {slot("a", 1)});

    std::atomic<bool> stop{false};
    std::atomic<std::uint32_t> newest{1};  // the highest version that may be live
    std::atomic<int> wrong{0};
    std::vector<std::jthread> readers;
    for (int reader = 0; reader < 3; ++reader) {
        readers.emplace_back([&] {
            std::uint32_t seen = 0;
            while (!stop) {
                const auto version = table.live("a");
                const bool right = version != nullptr && answer(version) == static_cast<float>(version->version) &&
                                   version->version >= seen && version->version <= newest;
                if (!right) ++wrong;
                if (version != nullptr) seen = version->version;
            }
        });
    }
    for (std::uint32_t version = 2; version <= versions; ++version) {
        newest = version;
        settle(version, {slot("a", version)});
        EXPECT_EQ(table.live("a")->version, version);
    }
    stop = true;
    readers.clear();
    EXPECT_EQ(wrong, 0);
}

TEST_F(LiveSetTest, CanEndWhileItLoads) {
    put("slow", 1, "gated");
    put("a", 1, "10");
    LiveSet& set = start();
    set.want(1, {slot("slow", 1), slot("a", 1)});
    gate.count_down();
    stop();
    SUCCEED() << "the loading thread has ended";
}

TEST_F(LiveSetTest, IsNotSettledWhileTheSameIsWantedAgain) {
    put("a", 1, "gated");
    LiveSet& set = start();
    std::atomic<bool> settled = false;
    std::atomic<bool> settled_too_early = false;
    set.on_change([&] {
        if (!set.settled(1)) return;
        if (set.statuses()[0].state != ServingState::ready) settled_too_early = true;
        settled = true;
    });
    set.want(1, {slot("a", 1)});
    while (reads == 0) std::this_thread::yield();
    set.want(1, {slot("a", 1)});  // as by a retry of what failed
    gate.count_down();
    while (!settled) std::this_thread::yield();
    EXPECT_FALSE(settled_too_early);
    stop();
}

TEST_F(LiveSetTest, AReplacedVersionIsSeenToDrain) {
    for (std::uint32_t version = 1; version <= 3; ++version) put("a", version, std::to_string(version));
    LiveSet& set = start();
    settle(1, {slot("a", 1)});
    EXPECT_TRUE(set.departing().empty());
    ServedVersionPtr request = table.live("a");
    std::weak_ptr<const ServedVersion> first = request;
    settle(2, {after(slot("a", 2), 1)});
    ASSERT_EQ(set.departing().size(), 1U);
    EXPECT_TRUE(set.departing()[0].warm);
    settle(3, {after(slot("a", 3), 2)});
    const auto departing = set.departing();
    ASSERT_EQ(departing.size(), 2U);
    EXPECT_EQ(departing[0].version, 1U);
    EXPECT_FALSE(departing[0].warm);
    EXPECT_EQ(departing[0].in_flight, 1U);
    EXPECT_TRUE(departing[1].warm);
    request.reset();
    EXPECT_FALSE(first.expired()) << "a request frees no model";
    wait_until([&] { return set.departing().size() == 1; });
    EXPECT_TRUE(first.expired());
}

TEST_F(LiveSetTest, GoldenOutputsThatDifferStopTheSwap) {
    put("a", 1, "10");
    put("a", 2, "20");
    put("a", 3, "30");
    LiveSet::Options options;
    options.read_golden = [](const WantedSlot& wanted) -> Result<std::optional<Golden>> {
        if (wanted.version == 3) return std::optional<Golden>();
        return record_golden(FakeModel(10));
    };
    LiveSet& set = start(std::move(options));
    settle(1, {slot("a", 1)});
    settle(2, {slot("a", 2)});
    EXPECT_EQ(answer(table.live("a")), 10);
    EXPECT_EQ(set.statuses()[0].state, ServingState::failed);
    EXPECT_THAT(set.statuses()[0].message, HasSubstr("is 20, not 10"));
    settle(3, {slot("a", 3)});
    EXPECT_EQ(answer(table.live("a")), 30) << "nothing is known of how it answered";
}

}  // namespace
}  // namespace baton::inference
