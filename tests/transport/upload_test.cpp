#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/transport/raw_client.h"
#include "tests/transport/test_server.h"

namespace baton::server {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::string head(std::uint64_t length, const std::string& query = "", const std::string& fields = "") {
    return "PUT /upload" + query + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(length) + "\r\n" +
           fields + "\r\n";
}

std::string chunked(std::string_view bytes, std::size_t size) {
    std::string coded = "PUT /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (; !bytes.empty(); bytes.remove_prefix(std::min(size, bytes.size()))) {
        const std::string_view piece = bytes.substr(0, size);
        std::array<char, 20> line;
        coded.append(line.data(),
                     static_cast<std::size_t>(std::snprintf(line.data(), line.size(), "%zx\r\n", piece.size())));
        coded.append(piece).append("\r\n");
    }
    return coded + "0\r\n\r\n";
}

class UploadTest : public testing::Test {
protected:
    void start(const std::function<void(TransportLimits&)>& change, std::size_t workers = 2, std::size_t queue = 8) {
        TransportOptions options{.limits = short_limits()};
        change(options.limits);
        server_.emplace(TestServer::Kind::beast, options, workers, queue);
    }
    TestServer& server() {
        if (!server_) start([](TransportLimits&) {});
        return *server_;
    }
    UploadLog::Entry entry_when(const std::function<bool(const UploadLog::Entry&)>& enough) {
        return server().uploads().wait_for(enough);
    }
    static bool was_dropped(const UploadLog::Entry& entry) { return entry.dropped; }

    std::optional<TestServer> server_;
};

TEST_F(UploadTest, BringsEveryByteInOrder) {
    const std::string& bytes = TestServer::file_content();
    for (const bool in_chunks : {false, true}) {
        server_.reset();
        RawClient client(server().port());
        client.send(in_chunks ? chunked(bytes, 70'001) : head(bytes.size()) + bytes);
        const auto response = client.receive();
        ASSERT_TRUE(response);
        EXPECT_EQ(response->status, 201);
        EXPECT_EQ(response->body, std::to_string(bytes.size()));
        const UploadLog::Entry entry = entry_when([](const auto& e) { return e.finished; });
        EXPECT_EQ(entry.bytes, bytes);
        EXPECT_LE(entry.largest_piece, 256U * 1024);
        EXPECT_FALSE(entry.dropped);
        client.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");  // the connection goes on
        EXPECT_EQ(client.receive()->body, "hello");
    }
}

TEST_F(UploadTest, TakesTheEmptyBody) {
    for (const std::string& request : {head(0), chunked("", 1)}) {
        RawClient client(server().port());
        client.send(request);
        EXPECT_EQ(client.receive()->body, "0");
    }
}

TEST_F(UploadTest, InvitesOnlyABodyThatIsWanted) {
    RawClient wanted(server().port());
    wanted.send(head(3, "", "Expect: 100-continue\r\n"));
    EXPECT_EQ(wanted.receive()->status, 100);
    wanted.send("abc");
    EXPECT_EQ(wanted.receive()->status, 201);
    RawClient unwanted(server().port());
    unwanted.send(head(3, "?refuse", "Expect: 100-continue\r\n"));
    const auto response = unwanted.receive();
    EXPECT_EQ(response->status, 403);
    EXPECT_TRUE(unwanted.is_closed());
}

TEST_F(UploadTest, AnswersWithoutTheBody) {
    RawClient client(server().port());
    client.send(head(3, "?refuse") + "abc" + "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(client.receive()->status, 403);
    EXPECT_EQ(client.receive()->body, "hello");  // the small body was there and is passed over
    RawClient large(server().port());
    large.send(head(3'000'000, "?refuse"));
    EXPECT_TRUE(large.send(std::string(3'000'000, 'a')));
    EXPECT_EQ(large.receive()->status, 403);
    RawClient bug(server().port());
    bug.send(head(0, "?throw"));
    EXPECT_EQ(bug.receive()->status, 500);
}

TEST_F(UploadTest, EndsWithTheErrorOfTheSink) {
    RawClient client(server().port());
    client.send(head(3'000'000) + "refuse me" + std::string(3'000'000 - 9, 'a'));
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 422);
    EXPECT_TRUE(entry_when(was_dropped).dropped);
    EXPECT_TRUE(client.is_closed());
    RawClient other(server().port());
    other.send(head(9) + "refuse me");
    EXPECT_EQ(other.receive()->status, 422);
    other.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");  // all of that body was read
    EXPECT_EQ(other.receive()->body, "hello");
}

TEST_F(UploadTest, KeepsAFastSenderWaitingForASlowSink) {
    server().uploads().hold_writes(true);
    RawClient client(server().port());
    constexpr std::size_t size = 60 << 20;
    std::atomic<std::size_t> sent = 0;
    std::jthread sender([&] {
        client.send(head(size));
        const std::string piece(1 << 20, 'a');
        while (sent < size && client.send(piece)) sent += piece.size();
    });
    std::this_thread::sleep_for(700ms);  // two windows of the rate check: the sender is not to blame
    EXPECT_LT(sent.load(), 16U << 20);   // socket buffers and two pieces
    server().uploads().hold_writes(false);
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 201);
}

TEST_F(UploadTest, KeepsWhatCameBeforeTheUploadBroke) {
    for (const bool reset : {false, true}) {
        server_.reset();
        RawClient client(server().port());
        client.send(head(1'000'000) + std::string(300'000, 'a'));
        if (!reset) {
            client.finish_sending();
            EXPECT_TRUE(client.is_closed());
        } else {
            entry_when([](const auto& e) { return !e.bytes.empty(); });
            client.reset();
        }
        const UploadLog::Entry entry = entry_when(was_dropped);
        EXPECT_TRUE(entry.dropped);
        EXPECT_FALSE(entry.finished);
        EXPECT_GE(entry.bytes.size(), reset ? 262'144U : 300'000U);
    }
}

TEST_F(UploadTest, BreaksOffAtBadChunks) {
    RawClient client(server().port());
    client.send(
        "PUT /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3;x\r\nabc\r\n0\r\n\r\n");
    EXPECT_EQ(client.receive()->status, 400);
    EXPECT_TRUE(entry_when(was_dropped).dropped);
}

TEST_F(UploadTest, CutsOffWhoIsSlowerThanTheMinimumRate) {
    RawClient client(server().port());
    client.send(head(1'000'000) + "abc");
    std::atomic<bool> over = false;
    std::jthread dribble([&] {
        while (!over && client.send("a")) std::this_thread::sleep_for(20ms);
    });
    const auto started = Clock::now();
    const auto response = client.receive();
    over = true;
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 408);
    EXPECT_LT(Clock::now() - started, 3s);
    EXPECT_TRUE(entry_when(was_dropped).dropped);
}

TEST_F(UploadTest, LetsASteadySenderFinish) {
    RawClient client(server().port());
    client.send(head(60'000));
    for (int i = 0; i < 20; ++i) {  // 60 kB a second, longer than two windows
        client.send(std::string(3'000, 'a'));
        std::this_thread::sleep_for(50ms);
    }
    EXPECT_EQ(client.receive()->status, 201);
}

TEST_F(UploadTest, SharesScarceMemoryInSmallerPieces) {
    start([](TransportLimits& limits) { limits.buffered_bytes = 40'000; });
    RawClient client(server().port());
    const std::string bytes = TestServer::file_content().substr(0, 500'000);
    client.send(head(bytes.size()) + bytes);
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 201);
    EXPECT_EQ(entry_when([](const auto& e) { return e.finished; }).bytes, bytes);
}

TEST_F(UploadTest, ManyAbortedUploadsLeaveNothingBehind) {
    start([](TransportLimits& limits) { limits.buffered_bytes = 2 << 20; }, 2, 100);
    for (int i = 0; i < 200; ++i) {
        RawClient client(server().port());
        client.send(head(1'000'000) + std::string(50'000, 'a'));
        client.reset();
    }
    // While the last of them are cleaned up, memory may still be short.
    const auto until = Clock::now() + 5s;
    std::optional<RawResponse> response;
    do {
        RawClient client(server().port());
        client.send(head(400'000) + std::string(400'000, 'b'));
        response = client.receive();
        ASSERT_TRUE(response);
    } while (response->status == 503 && Clock::now() < until);
    EXPECT_EQ(response->status, 201);
}

}  // namespace
}  // namespace baton::server
