// What only the front door has to withstand: requests that arrive together, in pieces, too late or in bad faith.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>

#include "tests/transport/raw_client.h"
#include "tests/transport/smuggling_shapes.h"
#include "tests/transport/test_server.h"

namespace baton::server {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Clock = std::chrono::steady_clock;

std::string get(const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"; }
std::string post(const std::string& target, const std::string& body) {
    return "POST " + target + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
}

std::size_t count_of(std::string_view needle, std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = text.find(needle); at != std::string_view::npos; at = text.find(needle, at + 1)) ++count;
    return count;
}

class FrontDoor : public testing::Test {
protected:
    void start(const std::function<void(TransportOptions&)>& change = {}, std::size_t workers = 2,
               std::size_t queue = 8) {
        TransportOptions options{.limits = short_limits()};
        if (change) change(options);
        server_.emplace(TestServer::Kind::beast, options, workers, queue);
    }
    TestServer& server() {
        if (!server_) start();
        return *server_;
    }
    int status_of(const std::string& request) {
        RawClient client(server().port());
        client.send(request);
        const auto response = client.receive();
        return response ? response->status : 0;
    }

    std::optional<TestServer> server_;
};

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

TEST_F(FrontDoor, CutsOffClientsThatNeverRead) {
    RawClient client(server().port(), 4096);
    client.send(get("/big"));
    std::this_thread::sleep_for(100ms);
    const auto started = Clock::now();
    std::string nothing;
    // The server gives up after write_time without progress; then what was buffered ends early.
    std::this_thread::sleep_for(short_limits().write_time + 300ms);
    EXPECT_LT(client.receive_all().size(), TestServer::big_size);
    EXPECT_LT(Clock::now() - started, 5s);
}

TEST_F(FrontDoor, ReadsNothingWhileItsOutputIsUnread) {
    start([](TransportOptions& options) { options.limits.write_time = 10s; });
    RawClient client(server().port(), 4096);
    std::string requests;
    for (int i = 0; i < 1000; ++i) requests += get("/now?" + std::string(1000, 'x'));
    client.send(get("/big"));
    // Far more than socket buffers hold must not be taken from a client that reads nothing.
    std::atomic<std::size_t> sent = 0;
    std::jthread sender([&](const std::stop_token& stop) {
        while (!stop.stop_requested() && sent < (64U << 20) && client.send(requests)) sent += requests.size();
    });
    std::this_thread::sleep_for(300ms);
    EXPECT_LT(sent.load(), 32U << 20);
    server_.reset();  // unblocks the sender
}

TEST_F(FrontDoor, LimitsConnections) {
    start([](TransportOptions& options) {
        options.limits.connections = 3;
        options.limits.idle_time = 10s;
    });
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<RawClient>(server().port()));
        clients.back()->send(get("/hello"));
        EXPECT_EQ(clients.back()->receive()->status, 200);
    }
    RawClient refused(server().port());
    const auto response = refused.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 503);
    EXPECT_EQ(response->header("retry-after"), "1");
    EXPECT_TRUE(refused.is_closed());
    clients.clear();
    const auto until = Clock::now() + 5s;
    while (status_of(get("/hello")) != 200 && Clock::now() < until) std::this_thread::sleep_for(5ms);
    EXPECT_EQ(status_of(get("/hello")), 200);
}

TEST_F(FrontDoor, LimitsConnectionsOfOnePeer) {
    start([](TransportOptions& options) { options.limits.connections_per_peer = 1; });
    RawClient first(server().port());
    first.send(get("/hello"));
    EXPECT_EQ(first.receive()->status, 200);
    RawClient second(server().port());
    EXPECT_EQ(second.receive()->status, 503);
}

TEST_F(FrontDoor, LimitsTheMemoryOfBodiesInAll) {
    start([](TransportOptions& options) { options.limits.buffered_bytes = 2 << 20; });
    const std::string body(1'500'000, 'a');
    RawClient holder(server().port());
    holder.send(post("/held", body));
    while (server().held() == 0) std::this_thread::yield();
    RawClient second(server().port());
    second.send(post("/pooled-echo", body));
    const auto refused = second.receive();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503);
    EXPECT_EQ(refused->header("retry-after"), "1");
    EXPECT_EQ(status_of(post("/echo", "small bodies go on")), 200);
    server().answer_held();
    EXPECT_EQ(holder.receive()->body, "held");
    EXPECT_EQ(status_of(post("/pooled-echo", body)), 200);  // the memory was given back
}

TEST_F(FrontDoor, DeclaredLengthsTakeNoMemory) {
    start([](TransportOptions& options) { options.limits.buffered_bytes = 1 << 20; });
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 100; ++i) {
        clients.push_back(std::make_unique<RawClient>(server().port()));
        clients.back()->send("POST /pooled-echo HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n");
    }
    EXPECT_EQ(status_of(post("/pooled-echo", std::string(100'000, 'a'))), 200);
}

TEST_F(FrontDoor, SaysSoWhenAllWorkersAreBusy) {
    start({}, 1, 1);
    std::promise<void> release;
    std::promise<void> started;
    ASSERT_TRUE(server().pool().submit([&] {
        started.set_value();
        release.get_future().wait();
    }));
    started.get_future().wait();
    ASSERT_TRUE(server().pool().submit([] {}));
    RawClient client(server().port());
    for (const std::string& request : {get("/pooled"), post("/pooled-echo", "x")}) {
        client.send(request);
        const auto response = client.receive();
        ASSERT_TRUE(response);
        EXPECT_EQ(response->status, 503);
        EXPECT_EQ(response->header("retry-after"), "1");
    }
    client.send(get("/hello"));  // what needs no worker goes on
    EXPECT_EQ(client.receive()->status, 200);
    release.set_value();
}

TEST_F(FrontDoor, OutOfDescriptorsItRecoversAndDoesNotSpin) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizer needs descriptors for its own checks";
#endif
    ASSERT_EQ(status_of(get("/hello")), 200);
    RawClient waiting;
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit none = before;
    none.rlim_cur = 3;  // nothing more can be accepted
    ::setrlimit(RLIMIT_NOFILE, &none);
    waiting.connect(server().port());
    rusage used_before{};
    ::getrusage(RUSAGE_SELF, &used_before);
    std::this_thread::sleep_for(300ms);
    rusage used_after{};
    ::getrusage(RUSAGE_SELF, &used_after);
    ::setrlimit(RLIMIT_NOFILE, &before);
    const auto microseconds = [](const timeval& time) { return time.tv_sec * 1'000'000 + time.tv_usec; };
    EXPECT_LT(microseconds(used_after.ru_utime) - microseconds(used_before.ru_utime), 100'000);
    const auto started = Clock::now();
    waiting.send(get("/hello"));
    EXPECT_EQ(waiting.receive()->status, 200);
    EXPECT_LT(Clock::now() - started, 1s);
}

TEST_F(FrontDoor, DrainsWithoutLosingWhatRuns) {
    start([](TransportOptions& options) { options.limits.idle_time = 30s; });
    RawClient idle(server().port());
    idle.send(get("/hello"));
    ASSERT_TRUE(idle.receive());
    RawClient busy(server().port());
    busy.send(get("/held"));
    while (server().held() == 0) std::this_thread::yield();
    std::jthread drain([&] { server().server().drain(10s); });
    EXPECT_TRUE(idle.is_closed());
    server().answer_held();
    const auto response = busy.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "held");
    EXPECT_EQ(response->header("connection"), "close");
    EXPECT_TRUE(busy.is_closed());
    const auto started = Clock::now();
    drain.join();
    EXPECT_LT(Clock::now() - started, 3s);
}

TEST_F(FrontDoor, DrainingEndsWithItsGrace) {
    RawClient busy(server().port());
    busy.send(get("/held"));
    while (server().held() == 0) std::this_thread::yield();
    const auto started = Clock::now();
    server().server().drain(100ms);
    EXPECT_GE(Clock::now() - started, 100ms);
    EXPECT_LT(Clock::now() - started, 2s);
}

TEST_F(FrontDoor, EndsWithRequestsStillRunning) {
    RawClient held(server().port());
    held.send(get("/held") + get("/held"));
    RawClient streaming(server().port(), 4096);
    streaming.send(get("/big"));
    while (server().held() == 0) std::this_thread::yield();
    server_.reset();  // and the responder is answered after the loops are gone
    EXPECT_TRUE(held.is_closed());
}

TEST_F(FrontDoor, SpreadsOverSeveralLoops) {
    start([](TransportOptions& options) { options.loops = 3; });
    for (int i = 0; i < 30; ++i) EXPECT_EQ(status_of(get(i % 2 == 0 ? "/hello" : "/later")), 200);
}

TEST_F(FrontDoor, ReportsEveryAnswerOnce) {
    std::mutex mutex;
    std::vector<std::string> log;
    start([&](TransportOptions& options) {
        options.on_answered = [&](const Request& request, int status, std::chrono::nanoseconds took) {
            const std::lock_guard lock(mutex);
            log.push_back(std::to_string(status) + " " + std::string(method_name(request.method)) + " " + request.path +
                          " " + request.peer + " " + std::string(request.headers.get("x-id").value_or("-")));
            EXPECT_GE(took.count(), 0);
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
