// What every adapter has to do, seen from the other end of a socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/transport/front_door.h"

namespace baton::server {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class Conformance : public testing::TestWithParam<TestServer::Kind> {
protected:
    // One request on a connection of its own.
    std::optional<RawResponse> ask(const std::string& request, bool to_head = false) {
        RawClient client(server_.port());
        client.send(request);
        return client.receive(to_head);
    }

    TestServer server_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Servers, Conformance, testing::Values(TestServer::Kind::beast, TestServer::Kind::httplib),
                         kind_name);

TEST_P(Conformance, AnswersWithLengthAndDate) {
    const auto response = ask(get("/hello"));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "hello");
    EXPECT_EQ(response->header("content-length"), "5");
    EXPECT_EQ(response->header("content-type"), "text/plain; charset=utf-8");
    EXPECT_THAT(response->header("date"), MatchesRegex("[A-Z][a-z][a-z], [0-9]+ [A-Z][a-z][a-z] [0-9]+ [0-9:]+ GMT"));
}

TEST_P(Conformance, KeepsAConnectionForManyRequests) {
    RawClient client(server_.port());
    for (int i = 0; i < 20; ++i) {
        client.send(i % 2 == 0 ? get("/hello") : post("/echo", "body " + std::to_string(i)));
        const auto response = client.receive();
        ASSERT_TRUE(response) << i;
        EXPECT_EQ(response->body, i % 2 == 0 ? "hello" : "body " + std::to_string(i));
    }
}

TEST_P(Conformance, ClosesWhenAskedTo) {
    RawClient client(server_.port());
    client.send("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->header("connection"), "close");
    EXPECT_TRUE(client.is_closed());
}

TEST_P(Conformance, ClosesAfterHttp10) {
    RawClient client(server_.port());
    client.send("GET /hello HTTP/1.0\r\n\r\n");
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "hello");
    EXPECT_TRUE(client.is_closed());
}

TEST_P(Conformance, AnswersHeadWithTheLengthAndNoBody) {
    RawClient client(server_.port());
    client.send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto head = client.receive(true);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->status, 200);
    EXPECT_EQ(head->header("content-length"), "5");
    client.send(get("/hello"));  // a body that was sent would be in the way
    const auto next = client.receive();
    ASSERT_TRUE(next);
    EXPECT_EQ(next->body, "hello");
}

TEST_P(Conformance, RunsEveryKindOfHandler) {
    const std::vector<std::tuple<std::string, int, std::string>> cases = {
        {"/hello", 200, "hello"},
        {"/pooled?a=b", 200, "pooled /pooled?a=b"},
        {"/now", 200, "now /now"},
        {"/later", 200, "later"},
        {"/m/a%20b/files/x/y%2Fz?q=%20", 200, "a b|x/y/z|q=%20"},
        {"/stream?pieces=3", 200, "piece 0;piece 1;piece 2;"},
        {"/stream?pieces=0", 200, ""},
    };
    for (const auto& [target, status, body] : cases) {
        const auto response = ask(get(target));
        ASSERT_TRUE(response) << target;
        EXPECT_EQ(response->status, status) << target;
        EXPECT_EQ(response->body, body) << target;
    }
}

TEST_P(Conformance, AnswersFiveHundredForBugsAndTellsNothing) {
    for (const auto* target : {"/throw", "/pooled-throw", "/dropped", "/async-throw"}) {
        const auto response = ask(get(target));
        ASSERT_TRUE(response) << target;
        EXPECT_EQ(response->status, 500) << target;
        EXPECT_THAT(response->body, Not(HasSubstr("secret"))) << target;
    }
}

TEST_P(Conformance, TellsWhereNothingIs) {
    const auto missing = ask(get("/nowhere"));
    ASSERT_TRUE(missing);
    EXPECT_EQ(missing->status, 404);
    const auto wrong = ask("DELETE /echo HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->status, 405);
    EXPECT_EQ(wrong->header("allow"), "POST, PUT");
    const auto bad = ask(get("/m/x/files/%2e%2e/y"));
    ASSERT_TRUE(bad);
    EXPECT_EQ(bad->status, 400);
}

TEST_P(Conformance, TakesBodiesWholeAndChunked) {
    const std::string large(300'000, 'z');
    const auto sized = ask(post("/pooled-echo", large));
    ASSERT_TRUE(sized);
    EXPECT_EQ(sized->body, large);
    const auto chunked =
        ask("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\n");
    ASSERT_TRUE(chunked);
    EXPECT_EQ(chunked->body, "abc0123456789");
    const auto empty = ask("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    ASSERT_TRUE(empty);
    EXPECT_EQ(empty->status, 200);
    EXPECT_EQ(empty->body, "");
}

TEST_P(Conformance, HoldsEachRouteToItsBodyLimit) {
    const auto fits = ask(post("/echo", std::string(1000, 'a')));
    ASSERT_TRUE(fits);
    EXPECT_EQ(fits->status, 200);
    const auto over = ask(post("/echo", std::string(1001, 'a')));
    ASSERT_TRUE(over);
    EXPECT_EQ(over->status, 413);
}

TEST_P(Conformance, InvitesTheBodyOfWhoeverAsks) {
    RawClient client(server_.port());
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    const auto invitation = client.receive();
    ASSERT_TRUE(invitation);
    EXPECT_EQ(invitation->status, 100);
    client.send("body");
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "body");
}

TEST_P(Conformance, SendsFiles) {
    const auto whole = ask(get("/file"));
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->body, TestServer::file_content());
    const auto part = ask(get("/file?offset=1000000&length=77"));
    ASSERT_TRUE(part);
    EXPECT_EQ(part->status, 206);
    EXPECT_EQ(part->body, TestServer::file_content().substr(1'000'000, 77));
    const auto nothing = ask(get("/file?offset=5&length=0"));
    ASSERT_TRUE(nothing);
    EXPECT_EQ(nothing->body, "");
    const auto head = ask("HEAD /file HTTP/1.1\r\nHost: x\r\n\r\n", true);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->header("content-length"), std::to_string(TestServer::file_size));
}

TEST_P(Conformance, BreaksOffWhatItCannotFinish) {
    for (const auto* target : {"/truncated", "/stream?break"}) EXPECT_FALSE(ask(get(target))) << target;
}

TEST_P(Conformance, SurvivesClientsThatLeave) {
    for (const auto* bytes : {"", "GET /he", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"}) {
        {
            RawClient client(server_.port());
            client.send(bytes);
        }
        {
            RawClient client(server_.port());
            client.send(bytes);
            client.reset();
        }
    }
    {
        RawClient client(server_.port());
        client.send(get("/big"));
        client.reset();
    }
    const auto response = ask(get("/hello"));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
}

TEST_P(Conformance, ClosesIdleConnections) {
    RawClient client(server_.port());
    client.send(get("/hello"));
    ASSERT_TRUE(client.receive());
    EXPECT_TRUE(client.is_closed());
}

TEST_P(Conformance, NoHeaderOfAHandlerEndsItsLine) {
    const auto response = ask(get("/inject"));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->headers.count("set-cookie"), 0U);
    EXPECT_EQ(response->header("content-length"), "1");
    EXPECT_EQ(response->body, "x");
}

}  // namespace
}  // namespace baton::server
