// Canaries and shadows beside what is live.
#include <gmock/gmock.h>

#include <thread>

#include "inference/traffic.h"
#include "tests/inference/live_set_fixture.h"

namespace baton::inference {
namespace {

using testing::ElementsAre;

TEST_F(LiveSetTest, ACanaryStandsBesideTheLiveVersion) {
    put("a", 1, "10");
    put("a", 2, "20");
    LiveSet& set = start();
    settle(1, {slot("a", 1)});
    EXPECT_EQ(table.destination("a").traffic, nullptr);
    settle(2, {slot("a", 1), candidate(SlotRole::canary, "a", 2, 500)});
    const Destination with = table.destination("a");
    EXPECT_EQ(answer(with.version), 10);
    ASSERT_NE(with.traffic, nullptr);
    EXPECT_EQ(answer(with.traffic->canary), 20);
    EXPECT_EQ(with.traffic->canary_share, 500U);
    EXPECT_EQ(with.traffic->sticky_header, "X-User");
    EXPECT_EQ(set.statuses()[1].role, SlotRole::canary);
    EXPECT_EQ(set.statuses()[1].state, ServingState::ready);
    EXPECT_EQ(answer(table.version("a", 2)), 20) << "by its number, past the split";

    const int before = reads;
    settle(3, {slot("a", 1), candidate(SlotRole::canary, "a", 2, 5000)});
    EXPECT_EQ(table.destination("a").traffic->canary_share, 5000U);
    settle(4, {after(slot("a", 2), 1)});
    EXPECT_EQ(reads, before) << "what is loaded is not loaded again";
    EXPECT_EQ(answer(table.live("a")), 20);
    EXPECT_EQ(table.destination("a").traffic, nullptr);
    EXPECT_THAT(loaded_versions("a"), ElementsAre(1U, 2U)) << "the one before is warm";

    settle(5, {slot("a", 2), candidate(SlotRole::canary, "a", 1, 100, 5)});
    settle(6, {slot("a", 2)});
    EXPECT_THAT(loaded_versions("a"), ElementsAre(2U)) << "a canary that was broken off is not kept";
}

TEST_F(LiveSetTest, TheShareOfACanaryThatIsNotReadyFoldsBack) {
    put("a", 1, "10");
    put("a", 2, "broken");
    put("a", 3, "30");
    LiveSet& set = start();
    settle(1, {slot("a", 1)});
    settle(2, {slot("a", 1), candidate(SlotRole::canary, "a", 2, 10'000)});
    EXPECT_EQ(set.statuses()[1].state, ServingState::failed);
    EXPECT_EQ(table.destination("a").traffic, nullptr);

    settle(3, {slot("a", 1), candidate(SlotRole::canary, "a", 3, 10'000, 3)});
    ASSERT_NE(table.destination("a").traffic, nullptr);
    settle(4, {slot("a", 1), candidate(SlotRole::canary, "a", 2, 10'000, 4)});
    EXPECT_EQ(table.destination("a").traffic, nullptr) << "nor does the canary before it get the share";
}

TEST_F(LiveSetTest, CandidatesOfOtherEnvironmentsGetNoTraffic) {
    put("a", 1, "10");
    put("a", 2, "20");
    start();
    WantedSlot elsewhere = candidate(SlotRole::canary, "a", 2, 10'000);
    elsewhere.environment = "staging";
    settle(1, {slot("a", 1), slot("a", 1, "staging"), elsewhere});
    EXPECT_EQ(table.destination("a").traffic, nullptr);
    EXPECT_EQ(answer(table.version("a", 2)), 20);
}

TEST_F(LiveSetTest, AShadowKeepsItsStatisticsUntilAnotherRolloutBegins) {
    put("a", 1, "10");
    put("a", 2, "20");
    LiveSet& set = start();
    settle(1, {slot("a", 1), candidate(SlotRole::shadow, "a", 2, 10'000, 1)});
    EXPECT_FALSE(set.shadow_statistics("a", "staging"));
    const auto offer = [&] {
        std::vector<Tensor> inputs;
        inputs.emplace_back("x", DataType::fp32, Shape{1, 2});
        auto outputs = table.live("a")->engine->run(inputs).value();
        table.destination("a").traffic->shadow->offer(std::move(inputs), std::move(outputs));
    };
    offer();
    while (set.shadow_statistics("a", "production")->requests == 0) std::this_thread::yield();
    EXPECT_EQ(set.shadow_statistics("a", "production")->outputs[0].largest, 10);
    settle(2, {slot("a", 1), candidate(SlotRole::shadow, "a", 2, 100, 1)});
    EXPECT_EQ(set.shadow_statistics("a", "production")->requests, 1U) << "another share is not another rollout";
    settle(3, {slot("a", 1), candidate(SlotRole::shadow, "a", 2, 100, 3)});
    EXPECT_EQ(set.shadow_statistics("a", "production")->requests, 0U);
    settle(4, {slot("a", 1)});
    EXPECT_FALSE(set.shadow_statistics("a", "production"));
}

TEST_F(LiveSetTest, EndingAShadowWaitsForNobody) {
    put("a", 1, "10");
    put("a", 2, "20");
    put("b", 1, "30");
    LiveSet& set = start();
    settle(1, {slot("a", 1), candidate(SlotRole::shadow, "a", 2, 10'000)});
    const auto shadow = table.destination("a").traffic->shadow;
    // Shared with the shadow's thread, which may look at them until the live set is gone.
    const auto running = std::make_shared<std::latch>(1);
    const auto release = std::make_shared<std::latch>(1);
    const auto* model = static_cast<const FakeModel*>(shadow->candidate()->engine.get());
    const_cast<FakeModel*>(model)->before_run = [running, release] {
        running->count_down();
        release->wait();
    };
    std::vector<Tensor> inputs;
    inputs.emplace_back("x", DataType::fp32, Shape{1, 2});
    shadow->offer(std::move(inputs), {});
    running->wait();
    settle(2, {slot("a", 1), slot("b", 1)});
    EXPECT_EQ(answer(table.live("b")), 30) << "the next load is not held up either";
    ASSERT_EQ(set.departing().size(), 1U);
    EXPECT_EQ(set.departing()[0].version, 2U);
    EXPECT_FALSE(set.departing()[0].warm);
    release->count_down();
}

}  // namespace
}  // namespace baton::inference
