// Overload and the end: too many connections, too much memory, clients that never read, draining.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/transport/front_door.h"

namespace baton::server {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class Overload : public FrontDoor {};

TEST_F(Overload, CutsOffClientsThatNeverRead) {
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

TEST_F(Overload, CutsOffClientsThatReadTooSlowly) {
    start([](TransportOptions& options) {
        options.limits.write_time = 1500ms;
        options.limits.minimum_rate = 1U << 30;
    });
    for (const char* path : {"/big", "/big-file"}) {
        RawClient client(server().port(), 64 * 1024);
        client.send(get(path));
        std::size_t taken = 0;
        // There is progress all the time, but not enough of it.
        for (const auto until = Clock::now() + 2500ms; Clock::now() < until; std::this_thread::sleep_for(10ms)) {
            taken += client.receive_some(32 * 1024);
        }
        EXPECT_LT(taken + client.receive_all().size(), TestServer::big_size) << path;
    }
}

TEST_F(Overload, ReadsNothingWhileItsOutputIsUnread) {
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

TEST_F(Overload, LimitsConnections) {
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

TEST_F(Overload, LimitsConnectionsOfOnePeer) {
    start([](TransportOptions& options) { options.limits.connections_per_peer = 1; });
    RawClient first(server().port());
    first.send(get("/hello"));
    EXPECT_EQ(first.receive()->status, 200);
    RawClient second(server().port());
    EXPECT_EQ(second.receive()->status, 503);
}

TEST_F(Overload, LimitsTheMemoryOfBodiesInAll) {
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

TEST_F(Overload, ARefusedBodyTakesNoMemoryWhileItsSenderGoesOn) {
    start([](TransportOptions& options) {
        options.limits.buffered_bytes = 1 << 20;
        options.limits.linger_time = 10s;
    });
    RawClient refused(server().port());
    refused.send("POST /echo-large HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n" +
                 std::string(2'000'000, 'a'));
    EXPECT_EQ(refused.receive()->status, 503);
    EXPECT_EQ(status_of(post("/echo-large", std::string(900'000, 'a'))), 200);
}

TEST_F(Overload, ABodyThatIsLateTakesNoMemoryOnceThatWasSaid) {
    start([](TransportOptions& options) {
        options.limits.buffered_bytes = 1 << 20;
        options.limits.linger_time = 10s;
    });
    RawClient late(server().port());
    late.send("POST /echo-large HTTP/1.1\r\nHost: x\r\nContent-Length: 900001\r\n\r\n" + std::string(900'000, 'a'));
    EXPECT_EQ(late.receive()->status, 408);
    EXPECT_EQ(status_of(post("/echo-large", std::string(900'000, 'a'))), 200);
}

TEST_F(Overload, DeclaredLengthsTakeNoMemory) {
    start([](TransportOptions& options) { options.limits.buffered_bytes = 1 << 20; });
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 100; ++i) {
        clients.push_back(std::make_unique<RawClient>(server().port()));
        clients.back()->send("POST /pooled-echo HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n");
    }
    EXPECT_EQ(status_of(post("/pooled-echo", std::string(100'000, 'a'))), 200);
}

TEST_F(Overload, SaysSoWhenAllWorkersAreBusy) {
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

TEST_F(Overload, ARouteWithAPoolOfItsOwnNeedsNoOtherWorker) {
    std::promise<void> release;
    const std::shared_future<void> released = release.get_future().share();
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(server().pool().submit([released] { released.wait(); }));
    EXPECT_EQ(status_of(get("/own-pool")), 200);
    release.set_value();
}

TEST_F(Overload, OutOfDescriptorsItRecoversAndDoesNotSpin) {
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

TEST_F(Overload, DrainsWithoutLosingWhatRuns) {
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

TEST_F(Overload, DrainingEndsWithItsGrace) {
    RawClient busy(server().port());
    busy.send(get("/held"));
    while (server().held() == 0) std::this_thread::yield();
    const auto started = Clock::now();
    server().server().drain(100ms);
    EXPECT_GE(Clock::now() - started, 100ms);
    EXPECT_LT(Clock::now() - started, 2s);
}

TEST_F(Overload, EndsWithRequestsStillRunning) {
    RawClient held(server().port());
    held.send(get("/held") + get("/held"));
    RawClient streaming(server().port(), 4096);
    streaming.send(get("/big"));
    while (server().held() == 0) std::this_thread::yield();
    server_.reset();  // and the responder is answered after the loops are gone
    EXPECT_TRUE(held.is_closed());
}

TEST_F(Overload, SpreadsOverSeveralLoops) {
    start([](TransportOptions& options) { options.loops = 3; });
    for (int i = 0; i < 30; ++i) EXPECT_EQ(status_of(get(i % 2 == 0 ? "/hello" : "/later")), 200);
}

}  // namespace
}  // namespace baton::server
