// Requests that share runs of the engine, from the protocol to the counters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "base/error_codes.h"
#include "inference/batcher.h"
#include "inference/traffic.h"
#include "server/oip/metadata.h"
#include "tests/oip/serving.h"

namespace baton::server {
namespace {

using inference::Shape;
using inference::Tensor;
using testing::HasSubstr;
using testing_support::body_of;

constexpr int cannot_be_encoded = 13;
constexpr int breaks_off = 14;

// A protocol whose body is the number of rows.
class RowsExchange : public InferenceExchange {
public:
    Result<std::vector<Tensor>> decode(std::string& body, const inference::ServedVersion&,
                                       const DecodeLimits&) override {
        rows_ = std::stoi(body);
        std::vector<Tensor> inputs;
        inputs.emplace_back("x", inference::DataType::fp32, Shape{rows_, 2});
        return inputs;
    }
    Result<Response> encode(const inference::ServedVersion& version, std::span<const Tensor> outputs) override {
        if (rows_ == cannot_be_encoded) return invalid_argument("cannot be encoded");
        if (rows_ == breaks_off) throw std::runtime_error("broke off");
        return Response::text(200, std::to_string(version.version) + ":" + std::to_string(outputs[0].size()));
    }
    Response refuse(const Error& error) const override {
        return error_response(http_status(error.code), error.message);
    }

private:
    int rows_ = 0;
};

// One worker; "half" takes batches of up to 64 rows.
class BatchedService : public testing_support::Serving {
protected:
    BatchedService() : Serving({.rows = 64, .runs = 2}) {}
    ~BatchedService() override { EXPECT_FALSE(is_held_); }

    std::future<Response> infer(std::string body, Headers headers = {}) {
        const auto request = std::make_shared<Request>();
        request->body = std::move(body);
        request->headers = std::move(headers);
        const auto promise = std::make_shared<std::promise<Response>>();
        service_.infer(request, {"half"}, std::make_unique<RowsExchange>(),
                       Responder([promise](Response response) { promise->set_value(std::move(response)); }));
        return promise->get_future();
    }

    // Asks for one row, and keeps the only worker at it until release_worker().
    std::future<Response> hold_worker() {
        is_held_ = true;
        before_run_ = [this] {
            if (std::this_thread::get_id() == here_ || was_held_.exchange(true)) return;
            running_.count_down();
            release_.wait();
        };
        auto first = infer("1");
        running_.wait();
        return first;
    }
    void release_worker() {
        release_.count_down();
        is_held_ = false;
    }

    const inference::Counters& counters() { return served("half").counters; }

private:
    const std::thread::id here_ = std::this_thread::get_id();
    bool is_held_ = false;
    std::atomic<bool> was_held_ = false;
    std::latch running_{1};
    std::latch release_{1};
};

TEST_F(BatchedService, WhatWaitsSharesARunAndIsCountedApart) {
    auto first = hold_worker();
    std::vector<std::future<Response>> answers;
    for (const char* rows : {"1", "2", "3", "4", "5"}) answers.push_back(infer(rows));
    release_worker();
    EXPECT_EQ(body_of(first.get()), "2:1");
    for (int rows = 1; rows <= 5; ++rows) {
        EXPECT_EQ(body_of(answers[static_cast<std::size_t>(rows - 1)].get()), "2:" + std::to_string(rows));
    }
    EXPECT_EQ(counters().requests, 6U);
    EXPECT_EQ(counters().rows, 16U);
    EXPECT_EQ(counters().runs(), 2U);
    EXPECT_EQ(counters().batch_rows.sum(), 16);
    EXPECT_EQ(counters().engine_time.total(), 6U);
    EXPECT_GT(counters().queue_ns, 0);
    EXPECT_GE(counters().total_time.sum(), counters().queue_ns + counters().engine_time.sum());
    const auto routes = service_.routes();
    EXPECT_THAT(oip::encode_statistics(routes->find("half")->versions),
                HasSubstr(R"("inference_count":16,"execution_count":2)"));
}

TEST_F(BatchedService, AllItsRequestsGoToThePool) {
    std::thread::id ran;
    before_run_ = [&] { ran = std::this_thread::get_id(); };
    EXPECT_EQ(body_of(infer("1").get()), "2:1");
    EXPECT_NE(ran, std::this_thread::get_id());
    EXPECT_EQ(counters().runs(), 1U);
}

TEST_F(BatchedService, LargeBodiesJoinOnceTheyAreDecoded) {
    const std::string large = "3" + std::string(20'000, ' ');
    EXPECT_EQ(body_of(infer(large).get()), "2:3");
    auto first = hold_worker();
    auto second = infer(large);
    release_worker();
    EXPECT_EQ(body_of(second.get()), "2:3");
    EXPECT_EQ(first.get().status, 200);
}

TEST_F(BatchedService, OneWhoseAnswerCannotBeMadeFailsAlone) {
    auto first = hold_worker();
    auto good = infer("1");
    auto refused = infer(std::to_string(cannot_be_encoded));
    auto broken = infer(std::to_string(breaks_off));
    auto last = infer("2");
    release_worker();
    EXPECT_EQ(first.get().status, 200);
    EXPECT_EQ(body_of(good.get()), "2:1");
    EXPECT_EQ(refused.get().status, 400);
    EXPECT_EQ(broken.get().status, 500);
    EXPECT_EQ(body_of(last.get()), "2:2");
    EXPECT_EQ(counters().runs(), 2U);
}

TEST_F(BatchedService, OneThatWaitedForTooLongDoesNotJoin) {
    auto first = hold_worker();
    Headers hurry;
    hurry.add("Baton-Timeout-Ms", "1");
    auto late = infer("30", std::move(hurry));
    auto patient = infer("2");
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(2)) std::this_thread::yield();
    release_worker();
    EXPECT_EQ(first.get().status, 200);
    EXPECT_EQ(late.get().status, 504);
    EXPECT_EQ(body_of(patient.get()), "2:2");
    EXPECT_EQ(counters().batch_rows.sum(), 3) << "the rows of the one that was late were not run";
}

TEST_F(BatchedService, AWrongTimeLimitIsRefused) {
    Headers wrong;
    wrong.add("Baton-Timeout-Ms", "soon");
    EXPECT_EQ(infer("1", std::move(wrong)).get().status, 400);
}

TEST_F(BatchedService, AFullPoolRefuses) {
    std::latch running{1};
    std::latch release{1};
    ASSERT_TRUE(pool_.submit([&] {
        running.count_down();
        release.wait();
    }));
    running.wait();
    std::promise<void> ran;
    ASSERT_TRUE(pool_.submit([&] { ran.set_value(); }));  // fills the queue
    const Response refused = infer("1").get();
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(testing_support::header_of(refused, "Retry-After"), "1");
    release.count_down();
    ran.get_future().wait();
}

TEST_F(BatchedService, AShadowSeesEachRequest) {
    want_candidate(inference::SlotRole::shadow, inference::whole_share);
    auto first = hold_worker();
    std::vector<std::future<Response>> answers;
    for (int i = 0; i < 5; ++i) answers.push_back(infer("2"));
    release_worker();
    EXPECT_EQ(first.get().status, 200);
    for (auto& answer : answers) EXPECT_EQ(body_of(answer.get()), "2:2");
    while (shadow_statistics().requests < 6) std::this_thread::yield();
    EXPECT_EQ(shadow_statistics().rows, 11U);
    EXPECT_EQ(shadow_statistics().rows_differing, 11U) << "the candidate answers 1, the live version 2";
}

TEST_F(BatchedService, TheConfigurationShowsIt) {
    EXPECT_THAT(oip::encode_model_config(served("half"), 1000),
                HasSubstr(R"("dynamic_batching":{"preferred_batch_size":[64],"max_queue_delay_microseconds":0})"));
}

}  // namespace
}  // namespace baton::server
