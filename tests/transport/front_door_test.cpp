// What only the front door has to withstand: requests that arrive together, in pieces, too late or in bad faith.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/transport/front_door.h"
#include "tests/transport/smuggling_shapes.h"

namespace baton::server {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Clock = std::chrono::steady_clock;

std::size_t count_of(std::string_view needle, std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = text.find(needle); at != std::string_view::npos; at = text.find(needle, at + 1)) ++count;
    return count;
}

TEST_F(FrontDoor, RefusesSmugglingWithOneAnswerAndTheEnd) {
    for (const SmugglingShape& shape : smuggling_shapes()) {
        RawClient client(server().port());
        client.send(shape.bytes + get("/hello"));  // the request that would be smuggled in
        const std::string all = client.receive_all();
        EXPECT_THAT(all, testing::AnyOf(StartsWith("HTTP/1.1 400 "), StartsWith("HTTP/1.1 505 "))) << shape.name;
        EXPECT_EQ(count_of("HTTP/1.1 ", all), 1U) << shape.name << "\n" << all;
        EXPECT_THAT(all, HasSubstr("\r\nConnection: close\r\n")) << shape.name;
    }
}

TEST_F(FrontDoor, AnswersPipelinedRequestsInOrder) {
    RawClient client(server().port());
    std::string requests;
    std::vector<std::string> bodies;
    for (int i = 0; i < 300; ++i) {
        const std::string text = "request " + std::to_string(i);
        switch (i % 5) {
            case 0:
                requests += post("/echo", text);
                bodies.push_back(text);
                break;
            case 1:
                requests += post("/pooled-echo", text);
                bodies.push_back(text);
                break;
            case 2:
                requests += get("/later");
                bodies.push_back("later");
                break;
            case 3:
                requests += get("/now?" + std::to_string(i));
                bodies.push_back("now /now?" + std::to_string(i));
                break;
            default:
                requests += "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n.\r\n0\r\n\r\n";
                bodies.push_back(".");
        }
    }
    client.send(requests);
    for (const std::string& body : bodies) {
        const auto response = client.receive();
        ASSERT_TRUE(response);
        ASSERT_EQ(response->body, body);
    }
}

TEST_F(FrontDoor, ReadsRequestsThatArriveByteByByte) {
    RawClient client(server().port());
    for (const char c : post("/echo", "slowly") + get("/hello")) client.send(std::string(1, c));
    EXPECT_EQ(client.receive()->body, "slowly");
    EXPECT_EQ(client.receive()->body, "hello");
}

TEST_F(FrontDoor, AnswersNothingAfterAConnectionThatWasToClose) {
    RawClient client(server().port());
    client.send("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + get("/hello"));
    EXPECT_EQ(count_of("HTTP/1.1 ", client.receive_all()), 1U);
}

TEST_F(FrontDoor, AnswersWhoHasFinishedSending) {
    for (const std::string& request : {post("/pooled-echo", "half"), get("/later"), get("/file"), get("/stream")}) {
        RawClient client(server().port());
        client.send(request);
        client.finish_sending();
        const auto response = client.receive();
        ASSERT_TRUE(response) << request;
        EXPECT_EQ(response->status, 200) << request;
        EXPECT_TRUE(client.is_closed());
    }
}

TEST_F(FrontDoor, SpeaksHttp10) {
    RawClient kept(server().port());
    kept.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(kept.receive()->header("connection"), "keep-alive");
    kept.send("GET /stream HTTP/1.0\r\n\r\n");
    EXPECT_EQ(kept.receive()->body, "piece 0;piece 1;piece 2;");  // unframed, ended by the connection
}

TEST_F(FrontDoor, HeadHasNoBodyWhateverTheAnswerIs) {
    RawClient client(server().port());
    for (const auto* target : {"/file", "/stream", "/big", "/nowhere", "/empty", "/pooled", "/later"}) {
        client.send("HEAD " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n");
        ASSERT_TRUE(client.receive(true)) << target;
    }
    client.send(get("/hello"));
    EXPECT_EQ(client.receive()->body, "hello");
}

TEST_F(FrontDoor, NoContentHasNoLength) {
    RawClient client(server().port());
    client.send(get("/empty"));
    const auto response = client.receive();
    EXPECT_EQ(response->status, 204);
    EXPECT_EQ(response->headers.count("content-length"), 0U);
}

TEST_F(FrontDoor, RefusesBodiesThatAreTooLargeBeforeTheyCome) {
    const std::vector<std::pair<std::string, int>> cases = {
        {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", 413},
        {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775808\r\n\r\n", 413},
        {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\nExpect: 100-continue\r\n\r\n", 413},
        {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: payment\r\n\r\n", 417},
        {"PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\n\r\n", 413},
        {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + ("3E9\r\n" + std::string(1001, 'a')),
         413},
        {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n80000000\r\n", 413},
        {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nffffffffffffffff\r\n", 413},
        {"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n", 404},
    };
    for (const auto& [request, status] : cases) {
        RawClient client(server().port());
        client.send(request);
        const auto response = client.receive();
        ASSERT_TRUE(response) << request;
        EXPECT_EQ(response->status, status) << request;
        EXPECT_EQ(response->header("connection"), "close") << request;
        EXPECT_TRUE(client.is_closed()) << request;
    }
}

TEST_F(FrontDoor, WhoSendsTooMuchStillGetsTheAnswer) {
    RawClient client(server().port());
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n");
    EXPECT_TRUE(client.send(std::string(4'000'000, 'a')));  // the server lingers
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 413);
}

TEST_F(FrontDoor, PassesOverASmallBodyThatNobodyTakes) {
    RawClient client(server().port());
    client.send(post("/nowhere", "body") + get("/hello"));
    EXPECT_EQ(client.receive()->status, 404);
    EXPECT_EQ(client.receive()->body, "hello");
}

TEST_F(FrontDoor, BoundsTheHead) {
    EXPECT_EQ(status_of("GET /" + std::string(64 * 1024, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n"), 414);
    EXPECT_EQ(status_of("GET /hello HTTP/1.1\r\nHost: x\r\nX: " + std::string(1 << 20, 'a') + "\r\n\r\n"), 431);
    std::string fields;
    for (int i = 0; i < 1000; ++i) fields += "X: y\r\n";
    EXPECT_EQ(status_of("GET /hello HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n"), 431);
    EXPECT_EQ(status_of("GET /hello?" + std::string(15'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
}

TEST_F(FrontDoor, DoesNotWaitForSlowSenders) {
    for (const auto* request : {"GET /hel", "GET /hello HTTP/1.1\r\nHost: x\r\n",
                                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
                                "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
        RawClient client(server().port());
        const auto started = Clock::now();
        client.send(request);
        const auto response = client.receive();
        ASSERT_TRUE(response) << request;
        EXPECT_EQ(response->status, 408) << request;
        EXPECT_TRUE(client.is_closed()) << request;
        EXPECT_GE(Clock::now() - started, 250ms) << request;
        EXPECT_LT(Clock::now() - started, 2s) << request;
    }
    RawClient silent(server().port());
    EXPECT_TRUE(silent.is_closed());
}

TEST_F(FrontDoor, DribblingAHeadDoesNotExtendItsTime) {
    RawClient client(server().port());
    const auto started = Clock::now();
    std::atomic<bool> over = false;
    std::jthread dribble([&] {
        client.send("GET /hello HTTP/1.1\r\nHost: x\r\nX: ");
        while (!over && client.send("a")) std::this_thread::sleep_for(20ms);
    });
    const auto response = client.receive();
    over = true;
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 408);
    EXPECT_LT(Clock::now() - started, 2s);
}

TEST_F(FrontDoor, ReportsEveryAnswerOnce) {
    std::mutex mutex;
    std::vector<std::string> log;
    start([&](TransportOptions& options) {
        options.on_answered = [&](const Request& request, const Answered& answered) {
            const std::lock_guard lock(mutex);
            log.push_back(std::to_string(answered.status) + " " + std::string(method_name(request.method)) + " " +
                          request.path + " " + request.peer + " " +
                          std::string(request.headers.get("x-id").value_or("-")));
            EXPECT_GE(answered.took.count(), 0);
        };
    });
    RawClient client(server().port());
    for (const auto* target : {"/hello", "/pooled", "/now", "/later", "/nowhere", "/stream", "/file?length=5"}) {
        client.send("GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\nX-Id: 7\r\n\r\n");
        client.receive();
    }
    client.send("nonsense\r\n\r\n");
    client.receive();
    server_.reset();
    EXPECT_THAT(log, testing::ElementsAre("200 GET /hello 127.0.0.1 7", "200 GET /pooled 127.0.0.1 7",
                                          "200 GET /now 127.0.0.1 7", "200 GET /later 127.0.0.1 7",
                                          "404 GET /nowhere 127.0.0.1 7", "200 GET /stream 127.0.0.1 7",
                                          "206 GET /file 127.0.0.1 7", testing::StartsWith("400 ")));
}

TEST_F(FrontDoor, SaysWhyItCannotListen) {
    TransportOptions options{.limits = short_limits()};
    options.port = server().port();
    const Router router;
    EXPECT_EQ(start_beast_server(options, router, server().pool()).error().code, Code::unavailable);
    options.address = "not an address";
    EXPECT_EQ(start_beast_server(options, router, server().pool()).error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace baton::server
