#include "inference/loader.h"

#include <gtest/gtest.h>

#include <latch>

namespace baton::inference {
namespace {

using std::chrono::seconds;
using Attempt = Loader::Attempt;

TEST(RetryPause, DoublesUpToFiveMinutes) {
    const std::vector<std::pair<unsigned, int>> table = {{1, 15},  {2, 30},  {3, 60},    {4, 120},
                                                         {5, 240}, {6, 300}, {1000, 300}};
    for (const auto& [failures, pause] : table) EXPECT_EQ(retry_pause(failures), seconds(pause)) << failures;
}

WantedSlot version(const std::string& model, std::uint32_t number) {
    const Digest digest = sha256(model + std::to_string(number));
    return {.model = model, .environment = "production", .version = number, .digest = digest, .model_file = digest};
}

// Two at once, none of which ends before finish().
class LoaderTest : public testing::Test {
protected:
    std::vector<std::string> finish(std::ptrdiff_t count) {
        if (!gate_.try_wait()) gate_.count_down();
        for (auto so_far = finished_.load(); so_far < count; so_far = finished_.load()) finished_.wait(so_far);
        std::vector<std::string> models;
        for (const Loader::Finished& finished : loader.take_finished()) models.push_back(finished.slot.model);
        std::ranges::sort(models);
        return models;
    }

private:
    std::latch gate_{1};
    std::atomic<std::ptrdiff_t> finished_ = 0;

protected:
    Loader loader{2,
                  [this](const WantedSlot& slot) -> Result<ServedVersionPtr> {
                      gate_.wait();
                      return not_found(slot.model);
                  },
                  [this] {
                      ++finished_;
                      finished_.notify_all();
                  }};
};

TEST_F(LoaderTest, LoadsVersionsOfDifferentModelsBesideEachOther) {
    EXPECT_TRUE(loader.start(version("a", 1), Attempt::first));
    EXPECT_FALSE(loader.start(version("a", 2), Attempt::first)) << "another version of the same model";
    EXPECT_TRUE(loader.start(version("b", 1), Attempt::first));
    EXPECT_FALSE(loader.start(version("c", 1), Attempt::first)) << "two are enough";
    EXPECT_TRUE(loader.take_finished().empty());
    EXPECT_EQ(finish(2), (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(loader.start(version("a", 2), Attempt::first));
    EXPECT_EQ(finish(3), std::vector<std::string>{"a"});
}

TEST_F(LoaderTest, LoadsAVersionOnceForSeveralSlots) {
    WantedSlot staging = version("a", 1);
    staging.environment = "staging";
    EXPECT_TRUE(loader.start(version("a", 1), Attempt::first));
    EXPECT_TRUE(loader.start(staging, Attempt::first));
    EXPECT_EQ(finish(1), std::vector<std::string>{"a"});
}

TEST_F(LoaderTest, WhatFailedBeforeLeavesAPlaceToWhatIsNew) {
    EXPECT_TRUE(loader.start(version("a", 1), Attempt::again));
    EXPECT_FALSE(loader.start(version("b", 1), Attempt::again));
    EXPECT_TRUE(loader.start(version("c", 1), Attempt::first));
    EXPECT_EQ(finish(2), (std::vector<std::string>{"a", "c"}));
}

}  // namespace
}  // namespace baton::inference
