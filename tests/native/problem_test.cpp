#include "server/native/problem.h"

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::server::native {
namespace {

nlohmann::json body_of(const Response& response) { return nlohmann::json::parse(std::get<std::string>(response.body)); }

TEST(Problem, CarriesEverythingThatIsMissing) {
    Error error = failed_precondition("Not yet.", "Ask an approver.");
    error.missing = {{"approvals", "0 of 1"}, {"validation_report", "there is none"}};
    const Response response = problem(error, "id-1");
    EXPECT_EQ(response.status, 409);
    EXPECT_EQ(response.headers.get("Content-Type"), "application/problem+json");
    const auto body = body_of(response);
    EXPECT_EQ(body["code"], "failed_precondition");
    EXPECT_EQ(body["hint"], "Ask an approver.");
    EXPECT_EQ(body["missing"].size(), 2U);
    EXPECT_EQ(body["request_id"], "id-1");
}

TEST(Problem, HidesTheInsideOfABug) {
    const auto body = body_of(problem(internal_error("disk /dev/sda1 at 0x1"), "id-2"));
    EXPECT_EQ(body["status"], 500);
    EXPECT_EQ(body["detail"].get<std::string>().find("/dev"), std::string::npos);
}

TEST(Problem, SaysHowToAuthenticateAndWhenToRetry) {
    EXPECT_TRUE(problem({.code = Code::unauthenticated, .message = "no"}, "x").headers.contains("WWW-Authenticate"));
    EXPECT_TRUE(problem({.code = Code::resource_exhausted, .message = "no"}, "x").headers.contains("Retry-After"));
}

TEST(RequestId, KeepsSaneOnesAndReplacesOthers) {
    Request request;
    request.headers.add("X-Request-Id", "trace-1.a_b");
    EXPECT_EQ(request_id_of(request), "trace-1.a_b");
    for (const std::string& bad : {std::string(), std::string("a b"), std::string("a\"b"), std::string(65, 'a')}) {
        request.headers.set("X-Request-Id", bad);
        EXPECT_NE(request_id_of(request), bad);
        EXPECT_EQ(request_id_of(request).size(), 24U);
    }
    EXPECT_NE(request_id_of(request), request_id_of(request));
}

}  // namespace
}  // namespace baton::server::native
