#include "inference/traffic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "tests/inference/fake_model.h"

namespace baton::inference {
namespace {

using testing::HasSubstr;

ServedVersionPtr served(std::shared_ptr<const Model> model, std::uint32_t version = 2) {
    auto made = std::make_shared<ServedVersion>();
    made->model = "m";
    made->version = version;
    made->engine = std::move(model);
    return made;
}

Traffic canary_of(std::uint32_t share, std::uint64_t seed = 7) {
    Traffic traffic;
    traffic.canary = served(std::make_shared<FakeModel>(1));
    traffic.canary_share = share;
    traffic.canary_seed = seed;
    return traffic;
}

TEST(Canary, GetsItsShareOfRequestsWithoutAKey) {
    constexpr int requests = 200'000;
    for (const std::uint32_t share : {0U, 1U, 500U, 2500U, 9999U, 10000U}) {
        const Traffic traffic = canary_of(share);
        int chosen = 0;
        for (int i = 0; i < requests; ++i) chosen += traffic.goes_to_canary("") ? 1 : 0;
        const double expected = share / 10'000.0;
        const double five_sigma = 5 * std::sqrt(expected * (1 - expected) / requests);
        EXPECT_NEAR(chosen / static_cast<double>(requests), expected, five_sigma) << share;
    }
}

TEST(Canary, AKeyIsAlwaysAnsweredByTheSameAndKeysAreSpreadEvenly) {
    constexpr int keys = 100'000;
    const Traffic traffic = canary_of(2000);
    int chosen = 0;
    for (int i = 0; i < keys; ++i) {
        const std::string key = "user-" + std::to_string(i);
        const bool first = traffic.goes_to_canary(key);
        chosen += first ? 1 : 0;
        EXPECT_EQ(first, traffic.goes_to_canary(key));
    }
    EXPECT_NEAR(chosen / static_cast<double>(keys), 0.2, 5 * std::sqrt(0.2 * 0.8 / keys));
}

TEST(Canary, AGrowingShareKeepsItsKeysAndAnotherRolloutTakesOthers) {
    const Traffic small = canary_of(1000);
    const Traffic large = canary_of(3000);
    const Traffic other = canary_of(1000, 8);
    int in_both_rollouts = 0;
    int in_small = 0;
    for (int i = 0; i < 20'000; ++i) {
        const std::string key = std::to_string(i);
        if (!small.goes_to_canary(key)) continue;
        ++in_small;
        EXPECT_TRUE(large.goes_to_canary(key));
        in_both_rollouts += other.goes_to_canary(key) ? 1 : 0;
    }
    EXPECT_NEAR(in_both_rollouts / static_cast<double>(in_small), 0.1, 0.04) << "independent of the first";
}

TEST(Canary, OneThatIsNotThereGetsNothing) {
    Traffic traffic = canary_of(10'000);
    traffic.canary = nullptr;
    EXPECT_FALSE(traffic.goes_to_canary("anyone"));
    EXPECT_FALSE(traffic.goes_to_canary(""));
    EXPECT_FALSE(traffic.goes_to_shadow());
}

std::vector<Tensor> rows_of(std::initializer_list<float> first) {
    std::vector<Tensor> inputs;
    inputs.emplace_back("x", DataType::fp32, Shape{static_cast<std::int64_t>(first.size()), 2});
    std::size_t at = 0;
    for (const float value : first) inputs[0].values<float>()[2 * at++] = value;
    return inputs;
}

std::vector<Tensor> answers_of(std::size_t rows, float value) {
    std::vector<Tensor> outputs;
    outputs.emplace_back("y", DataType::fp32, Shape{static_cast<std::int64_t>(rows), 1});
    std::ranges::fill(outputs[0].values<float>(), value);
    return outputs;
}

void wait_until(const std::function<bool()>& condition) {
    while (!condition()) std::this_thread::yield();
}

TEST(Shadow, CountsHowOftenAndHowFarAnswersDiffer) {
    Shadow shadow(served(std::make_shared<FakeModel>(1.0F)));
    shadow.offer(rows_of({1, 2, 3}), answers_of(3, 1.0F));
    shadow.offer(rows_of({1}), answers_of(1, 1.5F));
    shadow.offer(rows_of({1, 2}), answers_of(2, 0.75F));
    wait_until([&] { return shadow.statistics().requests == 3; });
    const ShadowStatistics statistics = shadow.statistics();
    EXPECT_EQ(statistics.rows, 6U);
    EXPECT_EQ(statistics.rows_differing, 3U);
    ASSERT_EQ(statistics.outputs.size(), 1U);
    EXPECT_EQ(statistics.outputs[0].name, "y");
    EXPECT_EQ(statistics.outputs[0].elements, 6U);
    EXPECT_EQ(statistics.outputs[0].differing, 3U);
    EXPECT_EQ(statistics.outputs[0].largest, 0.5);
    EXPECT_EQ(statistics.outputs[0].sum, 1.0);
    EXPECT_EQ(statistics.dropped + statistics.failures + statistics.queued, 0U);
}

TEST(Shadow, AFailingCandidateIsCounted) {
    const auto refusing = std::make_shared<FakeModel>(1.0F);
    refusing->refusal = invalid_argument("not these rows");
    Shadow shadow(served(refusing));
    shadow.offer(rows_of({1}), answers_of(1, 1));
    std::vector<Tensor> other_names;
    other_names.emplace_back("z", DataType::fp32, Shape{1, 2});
    wait_until([&] { return shadow.statistics().failures == 1; });
    EXPECT_THAT(shadow.statistics().last_failure, HasSubstr("not these rows"));
    shadow.offer(std::move(other_names), answers_of(1, 1));
    wait_until([&] { return shadow.statistics().failures == 2; });
    EXPECT_THAT(shadow.statistics().last_failure, HasSubstr("unknown input 'z'"));
    EXPECT_EQ(shadow.statistics().requests, 0U);
}

TEST(Shadow, DropsAndCountsWhatASlowCandidateCannotTake) {
    std::latch started{1};
    std::latch release{1};
    std::atomic<int> runs = 0;
    const auto slow = std::make_shared<FakeModel>(1.0F);
    slow->before_run = [&] {
        if (runs++ == 0) started.count_down();
        release.wait();
    };
    Shadow shadow(served(slow), {.requests = 3, .bytes = 1 << 20});
    shadow.offer(rows_of({1}), answers_of(1, 1));
    started.wait();
    for (int i = 0; i < 10; ++i) shadow.offer(rows_of({1}), answers_of(1, 1));
    EXPECT_EQ(shadow.statistics().queued, 3U);
    EXPECT_EQ(shadow.statistics().dropped, 7U);

    shadow.stop();  // returns although the candidate runs
    EXPECT_FALSE(shadow.has_stopped());
    EXPECT_EQ(shadow.statistics().queued, 0U);
    release.count_down();
    wait_until([&] { return shadow.has_stopped(); });
    EXPECT_EQ(runs, 1) << "what waited is forgotten";
}

TEST(Shadow, IsBoundedInBytes) {
    std::latch started{1};
    std::latch release{1};
    const auto slow = std::make_shared<FakeModel>(1.0F);
    std::atomic<int> runs = 0;
    slow->before_run = [&] {
        if (runs++ == 0) started.count_down();
        release.wait();
    };
    Shadow shadow(served(slow), {.requests = 100, .bytes = 100});
    shadow.offer(rows_of({1}), answers_of(1, 1));
    started.wait();
    for (int i = 0; i < 10; ++i) shadow.offer(rows_of({1, 2, 3}), answers_of(3, 1));  // 24 + 12 bytes
    EXPECT_EQ(shadow.statistics().queued, 2U);
    EXPECT_EQ(shadow.statistics().dropped, 8U);
    release.count_down();
}

}  // namespace
}  // namespace baton::inference
