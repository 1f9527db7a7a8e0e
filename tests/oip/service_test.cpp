#include "server/inference/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <mutex>
#include <set>
#include <thread>

#include "base/error_codes.h"
#include "inference/traffic.h"
#include "tests/oip/serving.h"

namespace baton::server {
namespace {

using inference::Shape;
using inference::Tensor;
using testing_support::body_of;
using testing_support::header_of;

TEST(Versions, AreDecimalNumbersWithoutLeadingZeros) {
    EXPECT_EQ(parse_version("1"), 1U);
    EXPECT_EQ(parse_version("4294967295"), UINT32_MAX);
    for (const char* text : {"", "0", "01", "-1", "+1", "1.0", "v1", "4294967296", " 1", "1 "}) {
        EXPECT_EQ(parse_version(text), std::nullopt) << text;
    }
}

TEST(VisibleVersions, NeedAnIdentityThoughThereAreNone) {
    inference::LiveTable table;
    inference::LiveSet live_set({}, table, [](const Digest&) -> Result<std::string> { return not_found("no blob"); });
    WorkerPool pool(1, 1);
    const auto nobody = [](const Request&, std::string_view) -> Status {
        return Error{.code = Code::unauthenticated, .message = "who are you?"};
    };
    const InferenceService service(table, live_set, pool, nobody, {});
    const auto visible = service.visible_versions(Request());
    ASSERT_FALSE(visible.ok());
    EXPECT_EQ(visible.error().code, Code::unauthenticated);
}

// A protocol whose body is the number of rows.
class RowsExchange : public InferenceExchange {
public:
    Result<std::vector<Tensor>> decode(std::string& body, const inference::ServedVersion&,
                                       const DecodeLimits&) override {
        std::vector<Tensor> inputs;
        inputs.emplace_back("x", inference::DataType::fp32, Shape{std::stoi(body), 2});
        return inputs;
    }
    Result<Response> encode(const inference::ServedVersion& version, std::span<const Tensor> outputs) override {
        return Response::text(200, std::to_string(version.version) + ":" + std::to_string(outputs[0].size()));
    }
    Response refuse(const Error& error) const override {
        return error_response(http_status(error.code), error.message);
    }
};

class Service : public testing_support::Serving {
protected:
    void infer(std::string body, const std::function<void(Response)>& answered, Headers headers = {},
               std::optional<std::uint32_t> version = {}) {
        const auto request = std::make_shared<Request>();
        request->body = std::move(body);
        request->headers = std::move(headers);
        service_.infer(request, {"half", version}, std::make_unique<RowsExchange>(), Responder(answered));
    }

    Response infer_and_wait(std::string body, Headers headers = {}, std::optional<std::uint32_t> version = {}) {
        std::promise<Response> promise;
        infer(
            std::move(body), [&](Response response) { promise.set_value(std::move(response)); }, std::move(headers),
            version);
        return promise.get_future().get();
    }

    std::thread::id thread_of(std::string body) {
        std::thread::id ran;
        before_run_ = [&] { ran = std::this_thread::get_id(); };
        EXPECT_EQ(infer_and_wait(std::move(body)).status, 200);
        return ran;
    }
};

TEST_F(Service, RunsSmallRequestsWhereTheyArriveAndOthersOnThePool) {
    const auto here = std::this_thread::get_id();
    EXPECT_EQ(thread_of("1"), here);
    EXPECT_NE(thread_of("65"), here) << "many rows";
    EXPECT_NE(thread_of("1" + std::string(20'000, ' ')), here) << "a large body";
}

TEST_F(Service, RefusesTooManyRows) {
    EXPECT_EQ(body_of(infer_and_wait("1000")), "2:1000");
    const Response refused = infer_and_wait("1001");
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(body_of(refused), testing::HasSubstr("1001 rows"));
}

TEST_F(Service, AnswersNoRows) { EXPECT_EQ(body_of(infer_and_wait("0")), "2:0"); }

TEST_F(Service, RefusesWhatThePoolCannotTake) {
    std::latch running{1};
    std::latch release{1};
    std::once_flag first_run;
    before_run_ = [&] {
        std::call_once(first_run, [&] {
            running.count_down();
            release.wait();
        });
    };
    std::promise<Response> first;
    std::promise<Response> second;
    infer("100", [&](Response response) { first.set_value(std::move(response)); });
    running.wait();
    infer("101", [&](Response response) { second.set_value(std::move(response)); });  // fills the queue
    const Response refused = infer_and_wait("102");
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(header_of(refused, "Retry-After"), "1");
    release.count_down();
    EXPECT_EQ(body_of(first.get_future().get()), "2:100");
    EXPECT_EQ(body_of(second.get_future().get()), "2:101");
}

Headers one_header(std::string_view name, std::string_view value) {
    Headers headers;
    headers.add(name, value);
    return headers;
}

TEST_F(Service, ARequestThatWaitedForTooLongIsNotRun) {
    std::latch running{1};
    std::latch release{1};
    std::atomic<int> runs = 0;
    before_run_ = [&] {
        if (runs++ > 0) return;
        running.count_down();
        release.wait();
    };
    std::promise<Response> first;
    std::promise<Response> second;
    infer("100", [&](Response response) { first.set_value(std::move(response)); });
    running.wait();
    infer(
        "101", [&](Response response) { second.set_value(std::move(response)); }, one_header("baton-timeout-ms", "1"));
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(2)) std::this_thread::yield();
    release.count_down();
    EXPECT_EQ(first.get_future().get().status, 200);
    const Response late = second.get_future().get();
    EXPECT_EQ(late.status, 504);
    EXPECT_THAT(body_of(late), testing::HasSubstr("longer than its timeout of 1000 microseconds"));
    EXPECT_EQ(runs, 1);
}

TEST_F(Service, TheTimeoutHeaderIsAPositiveNumber) {
    for (const char* text : {"", "0", "-1", "1.5", "1s", "99999999999999999999", "3600001"}) {
        for (const char* rows : {"1", "100"}) {  // on the loop and on the pool
            const Response refused = infer_and_wait(rows, one_header("Baton-Timeout-Ms", text));
            EXPECT_EQ(refused.status, 400) << text << ", rows: " << rows;
            EXPECT_THAT(body_of(refused), testing::HasSubstr("Baton-Timeout-Ms"));
        }
    }
    EXPECT_EQ(infer_and_wait("100", one_header("Baton-Timeout-Ms", "60000")).status, 200);
}

TEST_F(Service, AnUnknownCodingIsRefusedInTheProtocolsShape) {
    const Response refused = infer_and_wait("1", one_header("Content-Encoding", "br"));
    EXPECT_EQ(refused.status, 415);
    EXPECT_EQ(body_of(refused), "the body has a coding that is not supported");
}

TEST_F(Service, ACanaryAnswersItsShare) {
    want_candidate(inference::SlotRole::canary, 5000, "X-User");
    int by_canary = 0;
    for (int i = 0; i < 400; ++i) {
        const Response response = infer_and_wait("1");
        const bool is_canary = body_of(response) == "1:1";
        EXPECT_EQ(header_of(response, "Baton-Model-Version"), is_canary ? "1" : "2");
        by_canary += is_canary ? 1 : 0;
    }
    EXPECT_NEAR(by_canary, 200, 50);
    std::set<std::string> sticky;
    for (int i = 0; i < 20; ++i) sticky.insert(body_of(infer_and_wait("1", one_header("x-user", "ann"))));
    EXPECT_EQ(sticky.size(), 1U);
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(body_of(infer_and_wait("1", {}, 1)), "1:1");
        EXPECT_EQ(body_of(infer_and_wait("1", {}, 2)), "2:1");
    }
}

TEST_F(Service, ACandidateThatHangsHoldsNoRequestUp) {
    want_candidate(inference::SlotRole::shadow, inference::whole_share);
    std::latch hanging{1};
    std::latch release{1};
    std::atomic<int> hangs = 0;
    before_run_ = [&, here = std::this_thread::get_id()] {
        if (std::this_thread::get_id() == here) return;
        if (hangs++ == 0) hanging.count_down();
        release.wait();
    };
    EXPECT_EQ(body_of(infer_and_wait("1")), "2:1");
    hanging.wait();
    for (int i = 0; i < 600; ++i) EXPECT_EQ(body_of(infer_and_wait("1")), "2:1");
    EXPECT_EQ(shadow_statistics().queued, 256U);
    EXPECT_EQ(shadow_statistics().dropped, 600U - 256U);
    release.count_down();
    while (shadow_statistics().requests < 257) std::this_thread::yield();
    EXPECT_EQ(shadow_statistics().rows_differing, 257U);
    EXPECT_EQ(shadow_statistics().outputs.at(0).largest, 1);
    EXPECT_EQ(body_of(infer_and_wait("1", {}, 2)), "2:1");
    EXPECT_EQ(shadow_statistics().requests, 257U) << "who names a version is not compared";
}

}  // namespace
}  // namespace baton::server
