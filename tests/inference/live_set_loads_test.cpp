// Loads of a live set beside each other, and those that failed.
#include <gmock/gmock.h>

#include "tests/inference/live_set_fixture.h"

namespace baton::inference {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::ElementsAre;

TEST_F(LiveSetTest, ASlowLoadHoldsNoOtherModelUp) {
    put("slow", 1, "gated");
    put("a", 2, "20");
    put("b", 3, "30");
    LiveSet& set = start();
    set.want(1, {slot("slow", 1)});
    set.want(2, {slot("slow", 1), slot("a", 2)});
    wait_until([&] { return set.done(2); });
    EXPECT_EQ(answer(table.live("a")), 20);
    EXPECT_FALSE(set.done(1));
    EXPECT_FALSE(set.done_since(1)) << "not all of it";
    EXPECT_TRUE(set.done_since(2));
    set.want(3, {slot("slow", 1), slot("a", 2), slot("b", 3)});
    wait_until([&] { return set.done(3); });
    EXPECT_EQ(answer(table.live("b")), 30);
    EXPECT_EQ(table.routes()->revision, 0U);
    gate.count_down();
    wait_until([&] { return table.routes()->revision == 3; });
    EXPECT_TRUE(set.done(1));
    EXPECT_NE(table.live("slow"), nullptr);
    EXPECT_EQ(reads, 3) << "nothing is loaded twice";
}

TEST_F(LiveSetTest, WhatIsLoadedIsSwappedWhileItsSuccessorLoads) {
    put("a", 1, "10");
    put("a", 2, "20");
    put("a", 3, "gated");
    LiveSet& set = start();
    WantedSlot second = slot("a", 2);
    second.previous = std::make_shared<const WantedSlot>(slot("a", 1));
    settle(1, {slot("a", 1)});
    settle(2, {second});
    WantedSlot third = slot("a", 3);
    third.previous = std::make_shared<const WantedSlot>(slot("a", 2));
    set.want(3, {third});
    while (reads < 3) std::this_thread::yield();
    WantedSlot back = slot("a", 2);
    back.revision = 4;
    back.previous = std::make_shared<const WantedSlot>(slot("a", 1));
    settle(4, {back});
    EXPECT_EQ(answer(table.live("a")), 20);
    gate.count_down();
}

TEST_F(LiveSetTest, WhatFailedIsNotTriedAgainBeforeItsTime) {
    put("b", 2, "20");
    LiveSet::Options options;
    options.retry_pause = [](unsigned) { return hours(1); };
    LiveSet& set = start(std::move(options));
    settle(1, {slot("a", 1)});
    EXPECT_EQ(set.statuses()[0].state, ServingState::failed);
    put("a", 1, "10");
    settle(2, {slot("a", 1), slot("b", 2)});
    EXPECT_EQ(reads, 2);
    EXPECT_EQ(set.statuses()[0].state, ServingState::failed);
    EXPECT_THAT(set.statuses()[0].message, testing::HasSubstr("digest mismatch"));

    WantedSlot again = slot("a", 1);
    again.revision = 3;
    settle(3, {again, slot("b", 2)});
    EXPECT_EQ(answer(table.live("a")), 10) << "but when somebody asks for it anew";
}

TEST_F(LiveSetTest, WhatFailedIsTriedAgainByItself) {
    std::mutex mutex;
    std::vector<unsigned> asked;
    LiveSet::Options options;
    options.retry_pause = [&](unsigned failures) {
        const std::lock_guard lock(mutex);
        asked.push_back(failures);
        return milliseconds(1);
    };
    LiveSet& set = start(std::move(options));
    settle(1, {slot("a", 1)});
    while (reads < 3) std::this_thread::yield();
    EXPECT_EQ(set.statuses()[0].state, ServingState::failed) << "until it is ready";
    put("a", 1, "10");
    wait_until([&] { return set.statuses()[0].state == ServingState::ready; });
    EXPECT_EQ(answer(table.live("a")), 10);
    stop();
    ASSERT_GE(asked.size(), 2U);
    EXPECT_EQ(asked[0], 1U);
    EXPECT_EQ(asked[1], 2U);
}

}  // namespace
}  // namespace baton::inference
