#include "inference/batcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <latch>
#include <thread>

#include "inference/batching.h"
#include "tests/inference/support.h"

namespace baton::inference {
namespace {

using testing::ElementsAre;

// y = the sum of each row of x. Refuses rows with a NaN, and says how often and with how many rows it ran.
class RowSums : public Model {
public:
    std::string_view engine() const override { return "fake"; }
    const Signature& signature() const override { return signature_; }
    Result<std::vector<Tensor>> run(std::span<const Tensor> inputs) const override {
        if (const auto hook = before_run) hook();
        const Tensor& x = inputs[0];
        {
            const std::lock_guard lock(mutex_);
            runs_.push_back(x.shape()[0]);
        }
        std::vector<Tensor> outputs;
        Tensor& y = outputs.emplace_back("y", DataType::fp32, Shape{x.shape()[0] + extra_rows, 1});
        const auto columns = static_cast<std::size_t>(x.shape()[1]);
        for (std::size_t i = 0; i < x.size(); ++i) {
            if (std::isnan(x.values<float>()[i])) return invalid_argument("not a number");
            y.values<float>()[i / columns] += x.values<float>()[i];
        }
        return outputs;
    }
    std::vector<std::int64_t> runs() const {
        const std::lock_guard lock(mutex_);
        return runs_;
    }

    std::function<void()> before_run;
    std::int64_t extra_rows = 0;

private:
    const Signature signature_{{{"x", DataType::fp32, {-1, -1}}}, {{"y", DataType::fp32, {-1, 1}}}};
    mutable std::mutex mutex_;
    mutable std::vector<std::int64_t> runs_;  // rows of each
};

struct Request final : BatchedRequest {
    Request(const ServedVersion& asked, Shape shape, const std::vector<float>& values) : served(asked) {
        tensors.push_back(tensor_of<float>("x", DataType::fp32, std::move(shape), values));
    }

    std::span<const Tensor> inputs() const override { return tensors; }
    const ServedVersion& version() const override { return served; }
    std::chrono::microseconds patience() const override { return patient; }
    bool begin() override { return !late; }
    bool reserve(std::size_t bytes) override {
        reserved = bytes;
        return memory;
    }
    void take(std::vector<Tensor> outputs, std::chrono::nanoseconds) override {
        ++answers;
        sums = numbers(outputs[0]);
    }
    void run_alone() override {
        ++answers;
        alone = true;
        const auto outputs = served.engine->run(tensors);
        failed = !outputs.ok();
        if (!failed) sums = numbers(outputs->at(0));
    }

    const ServedVersion& served;
    std::vector<Tensor> tensors;
    bool late = false;
    bool memory = true;
    std::chrono::microseconds patient = std::chrono::hours(1);

    std::size_t reserved = 0;
    std::vector<double> sums;
    int answers = 0;
    bool alone = false;
    bool failed = false;
};

class Batches : public testing::Test {
protected:
    Batches() { version_.engine = model_; }

    std::shared_ptr<Request> request(float value) { return request({1, 2}, {value, 1}); }
    std::shared_ptr<Request> request(Shape shape, const std::vector<float>& values) {
        return std::make_shared<Request>(version_, std::move(shape), values);
    }

    // `count` requests of one row, which wait.
    std::vector<std::shared_ptr<Request>> add(Batcher& batcher, int count) {
        std::vector<std::shared_ptr<Request>> added;
        for (int i = 0; i < count; ++i) added.push_back(request(static_cast<float>(i)));
        for (const auto& one : added) EXPECT_TRUE(batcher.add(one, worker_));
        return added;
    }

    // What workers that were called do, on this thread.
    void work(Batcher& batcher) {
        while (called_ > 0) {
            --called_;
            batcher.run(worker_);
        }
    }

    void expect_sums(const std::vector<std::shared_ptr<Request>>& requests) {
        for (std::size_t i = 0; i < requests.size(); ++i) {
            EXPECT_EQ(requests[i]->answers, 1) << i;
            EXPECT_THAT(requests[i]->sums, ElementsAre(static_cast<double>(i) + 1)) << i;
        }
    }

    std::shared_ptr<RowSums> model_ = std::make_shared<RowSums>();
    ServedVersion version_;
    int called_ = 0;
    bool there_are_workers_ = true;
    Batcher::CallWorker worker_ = [this] {
        if (there_are_workers_) ++called_;
        return there_are_workers_;
    };
};

TEST_F(Batches, WhatWaitsIsRunTogetherAndEachGetsItsOwn) {
    Batcher batcher({.rows = 64});
    const auto requests = add(batcher, 10);
    const auto large = request({3, 2}, {1, 2, 3, 4, 5, 6});
    ASSERT_TRUE(batcher.add(large, worker_));
    EXPECT_EQ(called_, 1) << "one worker for all of them";
    work(batcher);
    EXPECT_THAT(model_->runs(), ElementsAre(13));
    expect_sums(requests);
    EXPECT_THAT(large->sums, ElementsAre(3, 7, 11));
    EXPECT_EQ(requests[0]->reserved, 13 * 2 * sizeof(float));
    EXPECT_EQ(version_.counters.runs(), 1U);
    EXPECT_EQ(version_.counters.batch_rows.sum(), 13);
}

TEST_F(Batches, ARequestThatFindsNobodyDoesNotWait) {
    Batcher batcher({.rows = 64});
    const auto requests = add(batcher, 1);
    work(batcher);
    EXPECT_TRUE(requests[0]->alone);
    expect_sums(requests);
    EXPECT_EQ(requests[0]->reserved, 0U) << "nothing was copied";
}

TEST_F(Batches, NoRunHasMoreRowsThanItMay) {
    Batcher batcher({.rows = 4, .runs = 1});
    const auto requests = add(batcher, 10);
    work(batcher);
    EXPECT_THAT(model_->runs(), ElementsAre(4, 4, 2));
    expect_sums(requests);
}

TEST_F(Batches, OneThatFillsARunOrHasNoRowsStaysAway) {
    const Batcher batcher({.rows = 4});
    EXPECT_TRUE(batcher.accepts(request({3, 1}, {1, 2, 3})->inputs()));
    EXPECT_FALSE(batcher.accepts(request({4, 1}, {1, 2, 3, 4})->inputs()));
    EXPECT_FALSE(batcher.accepts(request({0, 1}, {})->inputs()));
}

TEST_F(Batches, RowsOfOtherShapesDoNotMix) {
    Batcher batcher({.rows = 64, .runs = 1});
    std::vector<std::shared_ptr<Request>> pairs;
    std::vector<std::shared_ptr<Request>> triples;
    for (int i = 0; i < 3; ++i) {
        pairs.push_back(request({1, 2}, {static_cast<float>(i), 1}));
        triples.push_back(request({1, 3}, {static_cast<float>(i), 1, 0}));
        ASSERT_TRUE(batcher.add(pairs.back(), worker_));
        ASSERT_TRUE(batcher.add(triples.back(), worker_));
    }
    work(batcher);
    EXPECT_THAT(model_->runs(), ElementsAre(3, 3));
    expect_sums(pairs);
    expect_sums(triples);
}

TEST_F(Batches, OneThatTheModelRefusesFailsAlone) {
    Batcher batcher({.rows = 64});
    const auto requests = add(batcher, 2);
    const auto poisoned = request(std::nanf(""));
    const auto last = request(7);
    ASSERT_TRUE(batcher.add(poisoned, worker_));
    ASSERT_TRUE(batcher.add(last, worker_));
    work(batcher);
    EXPECT_THAT(model_->runs(), ElementsAre(4, 1, 1, 1, 1));
    EXPECT_TRUE(poisoned->failed);
    expect_sums(requests);
    EXPECT_THAT(last->sums, ElementsAre(8));
}

TEST_F(Batches, OneThatIsTooLateDoesNotJoin) {
    Batcher batcher({.rows = 64});
    const auto late = request(5);
    late->late = true;
    ASSERT_TRUE(batcher.add(late, worker_));
    const auto requests = add(batcher, 3);
    work(batcher);
    EXPECT_THAT(model_->runs(), ElementsAre(3));
    EXPECT_EQ(late->answers, 0);
    expect_sums(requests);
}

TEST_F(Batches, WithoutMemoryForARunTogetherEachRunsAlone) {
    Batcher batcher({.rows = 64});
    const auto first = request(0);
    first->memory = false;
    ASSERT_TRUE(batcher.add(first, worker_));
    const auto requests = add(batcher, 2);
    work(batcher);
    EXPECT_THAT(model_->runs(), ElementsAre(1, 1, 1));
    expect_sums(requests);
}

TEST_F(Batches, AnAnswerThatCannotBeSplitIsNotUsed) {
    Batcher batcher({.rows = 64});
    const auto requests = add(batcher, 2);
    model_->extra_rows = 1;
    work(batcher);
    EXPECT_THAT(model_->runs(), ElementsAre(2, 1, 1));
    EXPECT_TRUE(requests[0]->alone && requests[1]->alone);
}

TEST_F(Batches, AModelThatThrowsFailsNobodyElse) {
    Batcher batcher({.rows = 64});
    const auto requests = add(batcher, 3);
    model_->before_run = [this] {
        model_->before_run = nullptr;
        throw std::bad_alloc();
    };
    work(batcher);
    expect_sums(requests);
    EXPECT_TRUE(requests[0]->alone);
}

TEST_F(Batches, AFullQueueOrNoWorkerRefuses) {
    Batcher batcher({.rows = 64, .queue = 3});
    const auto requests = add(batcher, 3);
    EXPECT_FALSE(batcher.add(request(1), worker_));
    work(batcher);
    expect_sums(requests);
    there_are_workers_ = false;
    EXPECT_FALSE(batcher.add(request(1), worker_));
    there_are_workers_ = true;
    expect_sums(requests);
    EXPECT_EQ(called_, 0);
    const auto next = add(batcher, 1);
    work(batcher);
    EXPECT_TRUE(next[0]->alone) << "nothing of what was refused is kept";
}

TEST_F(Batches, WhatComesDuringTheLastPossibleRunIsRunAfterIt) {
    Batcher batcher({.rows = 64, .runs = 1});
    const auto first = add(batcher, 1);
    std::vector<std::shared_ptr<Request>> meanwhile;
    model_->before_run = [&] {
        model_->before_run = nullptr;
        meanwhile = add(batcher, 5);
        EXPECT_EQ(called_, 0) << "one run at a time";
    };
    work(batcher);
    EXPECT_THAT(model_->runs(), ElementsAre(1, 5));
    expect_sums(first);
    expect_sums(meanwhile);
}

TEST_F(Batches, WhatComesDuringARunGetsAWorkerWhereMoreRunsMayBe) {
    Batcher batcher({.rows = 64, .runs = 2});
    const auto first = add(batcher, 1);
    model_->before_run = [&] {
        model_->before_run = nullptr;
        const auto meanwhile = add(batcher, 2);
        EXPECT_EQ(called_, 1);
        work(batcher);  // as another thread would
        expect_sums(meanwhile);
    };
    work(batcher);
    EXPECT_THAT(model_->runs(), ElementsAre(2, 1));
    expect_sums(first);
}

TEST_F(Batches, ARunnerWithoutSuccessorGoesOn) {
    Batcher batcher({.rows = 2, .runs = 1});
    const auto requests = add(batcher, 5);
    there_are_workers_ = false;  // as when the pool is stopping
    work(batcher);
    EXPECT_THAT(model_->runs(), ElementsAre(2, 2, 1));
    expect_sums(requests);
}

TEST_F(Batches, AWorkerMayBeToldToWaitUntilTheBatchIsFull) {
    Batcher batcher({.rows = 4, .wait = std::chrono::hours(1)});
    auto requests = add(batcher, 1);
    std::jthread worker([&] { batcher.run([] { return false; }); });
    for (int i = 1; i < 4; ++i) {
        requests.push_back(request(static_cast<float>(i)));
        ASSERT_TRUE(batcher.add(requests.back(), [] { return true; }));
    }
    worker.join();
    EXPECT_THAT(model_->runs(), ElementsAre(4));
    expect_sums(requests);
}

TEST_F(Batches, NoRequestIsKeptLongerThanItMayBe) {
    Batcher batcher({.rows = 4, .wait = std::chrono::hours(1)});
    auto requests = add(batcher, 1);
    requests.push_back(request(1));
    requests[1]->patient = std::chrono::microseconds(1);
    ASSERT_TRUE(batcher.add(requests[1], worker_));
    work(batcher);
    EXPECT_THAT(model_->runs(), ElementsAre(2));
    expect_sums(requests);
}

TEST_F(Batches, ManyThreadsGetWhatIsTheirs) {
    constexpr int clients = 4;
    constexpr int each = 300;
    Batcher batcher({.rows = 16, .queue = clients * each, .runs = 2});
    std::mutex mutex;
    std::condition_variable_any wake;
    int called = 0;
    const auto worker = [&] {
        {
            const std::lock_guard lock(mutex);
            ++called;
        }
        wake.notify_one();
        return true;
    };
    std::vector<std::shared_ptr<Request>> requests;
    for (int i = 0; i < clients * each; ++i) requests.push_back(request(static_cast<float>(i)));
    {
        std::vector<std::jthread> workers;
        for (int i = 0; i < 3; ++i) {
            workers.emplace_back([&](const std::stop_token& stop) {
                for (;;) {
                    {
                        std::unique_lock lock(mutex);
                        if (!wake.wait(lock, stop, [&] { return called > 0; })) return;
                        --called;
                    }
                    batcher.run(worker);
                }
            });
        }
        std::vector<std::jthread> adders;
        for (int client = 0; client < clients; ++client) {
            adders.emplace_back([&, client] {
                for (int i = 0; i < each; ++i) EXPECT_TRUE(batcher.add(requests[client * each + i], worker));
            });
        }
        adders.clear();
        // Stopping workers still take the calls there are.
    }
    while (called > 0) {
        --called;
        batcher.run(worker);
    }
    expect_sums(requests);
}

TEST(MakeBatcher, IsForModelsThatTakeBatchesAndWhereTheyAreAskedFor) {
    const RowSums model;
    EXPECT_EQ(make_batcher(model, {}), nullptr);
    EXPECT_EQ(make_batcher(model, {.rows = 1}), nullptr);
    const auto batcher = make_batcher(model, {.rows = 2});
    ASSERT_NE(batcher, nullptr);
    EXPECT_EQ(batcher->options().rows, 2U);
    EXPECT_GE(batcher->options().runs, 1U);
}

}  // namespace
}  // namespace baton::inference
