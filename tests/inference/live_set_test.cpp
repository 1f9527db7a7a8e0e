#include "inference/live_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <latch>
#include <mutex>
#include <set>
#include <thread>

#include "inference/traffic.h"
#include "tests/inference/fake_model.h"

namespace baton::inference {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Digest digest_of(std::string_view model, std::uint32_t version) {
    return sha256(std::string(model) + "/" + std::to_string(version));
}

WantedSlot slot(std::string model, std::uint32_t version, std::string environment = "production") {
    const Digest digest = digest_of(model, version);
    return {.model = std::move(model),
            .environment = std::move(environment),
            .version = version,
            .digest = digest,
            .model_file = digest,
            .revision = version};
}

// A live set whose blobs are texts: the number a model answers, or what goes wrong with it.
class LiveSetTest : public testing::Test {
protected:
    void put(std::string_view model, std::uint32_t version, std::string blob) {
        const std::lock_guard lock(mutex_);
        blobs_[digest_of(model, version)] = std::move(blob);
    }

    LiveSet& start(LiveSet::Options options = {}) {
        options.load_model = [this](std::string_view bytes, EngineChoice) { return load(bytes); };
        set_ =
            std::make_unique<LiveSet>(std::move(options), table, [this](const Digest& digest) -> Result<std::string> {
                const std::lock_guard lock(mutex_);
                ++reads;
                const auto blob = blobs_.find(digest);
                if (blob == blobs_.end()) return Error{.code = Code::integrity, .message = "digest mismatch"};
                return blob->second;
            });
        set_->on_change([this] {
            { const std::lock_guard lock(mutex_); }
            changed_.notify_all();
        });
        return *set_;
    }

    void wait_until(const std::function<bool()>& condition) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, condition);
    }

    void settle(std::uint64_t revision, std::vector<WantedSlot> slots) {
        set_->want(revision, std::move(slots));
        wait_until([&] { return set_->settled(revision); });
    }

    void stop() { set_.reset(); }

    float answer(const ServedVersionPtr& version) {
        const std::vector<Tensor> inputs = {Tensor("x", DataType::fp32, {1, 2})};
        return version->engine->run(inputs).value()[0].values<float>()[0];
    }

    std::vector<std::uint32_t> loaded_versions(std::string_view model) {
        std::vector<std::uint32_t> versions;
        const auto routes = table.routes();
        if (const auto* entry = routes->find(model)) {
            for (const auto& version : entry->versions) versions.push_back(version->version);
        }
        return versions;
    }

    LiveTable table;
    std::atomic<int> reads{0};
    std::latch gate{1};  // what a model named "gated" waits for while it loads

private:
    Result<std::shared_ptr<const Model>> load(std::string_view bytes) {
        if (bytes == "broken") return Error{.code = Code::unsupported_model, .message = "needs another engine: Magic"};
        if (bytes == "throws") throw std::runtime_error("out of memory");
        if (bytes == "gated") gate.wait();
        auto model = std::make_shared<FakeModel>(bytes == "gated" ? 0.0F : std::stof(std::string(bytes)));
        if (bytes == "-1") model->refusal = internal_error("cannot run");
        if (bytes == "-2") model->refusal = invalid_argument("zeros are not taken");
        return std::shared_ptr<const Model>(std::move(model));
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<Digest, std::string> blobs_;
    std::unique_ptr<LiveSet> set_;  // last: its thread uses the rest
};

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
        EXPECT_THAT(set.statuses()[0].message, HasSubstr(message));
        EXPECT_THAT(loaded_versions("a"), ElementsAre(1U));
    }
}

TEST_F(LiveSetTest, TriesAgainWhatFailed) {
    LiveSet& set = start();
    settle(1, {slot("a", 1)});
    EXPECT_EQ(set.statuses()[0].state, ServingState::failed);
    EXPECT_EQ(table.live("a"), nullptr);
    put("a", 1, "10");
    settle(2, {slot("a", 1)});
    EXPECT_EQ(set.statuses()[0].state, ServingState::ready);
    EXPECT_EQ(answer(table.live("a")), 10);
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
    set.want(2, {slot("a", 2)});
    EXPECT_FALSE(set.settled(1));
    gate.count_down();
    wait_until([&] { return set.settled(2); });
    EXPECT_TRUE(set.settled(1));
    EXPECT_EQ(answer(table.live("a")), 20);
    EXPECT_EQ(table.live("slow"), nullptr);
    EXPECT_EQ(table.routes()->revision, 2U);
    EXPECT_THAT(loaded_versions("a"), ElementsAre(2U));
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
    settle(2, {slot("a", 2)});
    EXPECT_THAT(loaded_versions("a"), ElementsAre(1U, 2U));
    EXPECT_EQ(answer(table.version("a", 1)), 1);

    settle(3, {slot("a", 1)});  // rolled back without loading
    EXPECT_EQ(reads, 2);
    EXPECT_EQ(table.live("a"), first.lock());
    EXPECT_THAT(loaded_versions("a"), ElementsAre(1U, 2U));

    settle(4, {slot("a", 2)});
    const ServedVersionPtr in_flight = first.lock();
    settle(5, {slot("a", 3)});
    EXPECT_THAT(loaded_versions("a"), ElementsAre(2U, 3U));
    EXPECT_EQ(answer(in_flight), 1) << "a running request keeps its version";
}

TEST_F(LiveSetTest, AVersionIsFreedWhenItsLastRequestEnds) {
    put("a", 1, "10");
    put("a", 2, "20");
    LiveSet& set = start({.warm_previous = 0});
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
    settle(2, {slot("a", 2)});
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
    EXPECT_THAT(loaded_versions("a"), ElementsAre(1U, 2U));
    EXPECT_EQ(reads, 2);
}

TEST_F(LiveSetTest, AVersionOfFilesOnlyIsReadyButNotRoutable) {
    put("a", 1, "10");
    LiveSet& set = start();
    settle(1, {slot("a", 1)});
    WantedSlot files = slot("a", 2);
    files.model_file.reset();
    settle(2, {files});
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

WantedSlot candidate(SlotRole role, std::string model, std::uint32_t version, std::uint32_t share,
                     std::uint64_t started = 1) {
    WantedSlot wanted = slot(std::move(model), version);
    wanted.role = role;
    wanted.share = share;
    wanted.header = role == SlotRole::canary ? "X-User" : "";
    wanted.started = started;
    return wanted;
}

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
    settle(4, {slot("a", 2)});
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

TEST_F(LiveSetTest, AReplacedVersionIsSeenToDrain) {
    for (std::uint32_t version = 1; version <= 3; ++version) put("a", version, std::to_string(version));
    LiveSet& set = start();
    settle(1, {slot("a", 1)});
    EXPECT_TRUE(set.departing().empty());
    ServedVersionPtr request = table.live("a");
    std::weak_ptr<const ServedVersion> first = request;
    settle(2, {slot("a", 2)});
    ASSERT_EQ(set.departing().size(), 1U);
    EXPECT_TRUE(set.departing()[0].warm);
    settle(3, {slot("a", 3)});
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
