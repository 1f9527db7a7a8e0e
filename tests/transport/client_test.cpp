#include "server/transport/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/transport/test_server.h"

namespace baton::server {
namespace {

using ::testing::Eq;
using ::testing::Optional;

class ClientTest : public testing::Test {
protected:
    std::unique_ptr<HttpClient> client(std::string token = "") {
        auto made = HttpClient::create(
            {.url = "http://127.0.0.1:" + std::to_string(server_.port()), .token = std::move(token)});
        return *std::move(made);
    }

    TestServer server_{TestServer::Kind::beast};
};

TEST_F(ClientTest, SendsAndReceivesOverOneConnection) {
    const auto http = client();
    for (int i = 0; i < 3; ++i) {
        const auto answer = http->send(Method::post, "/echo", {}, "body " + std::to_string(i));
        ASSERT_TRUE(answer.ok());
        EXPECT_EQ(answer->status, 200);
        EXPECT_EQ(answer->body, "body " + std::to_string(i));
        EXPECT_THAT(answer->headers.get("content-type"), Optional(Eq("text/plain; charset=utf-8")));
    }
    const auto escaped = http->send(Method::get, "/m/a%20b/files/c%2Fd?q=%41", {});
    ASSERT_TRUE(escaped.ok());
    EXPECT_EQ(escaped->body, "a b|c/d|q=%41");  // the target went out as it was given
}

TEST_F(ClientTest, AnyStatusIsAnAnswer) {
    for (const auto& [target, status] :
         std::vector<std::pair<std::string, int>>{{"/nowhere", 404}, {"/throw", 500}, {"/empty", 204}}) {
        const auto answer = client()->send(Method::get, target, {});
        ASSERT_TRUE(answer.ok()) << target;
        EXPECT_EQ(answer->status, status);
    }
    const auto head = client()->send(Method::head, "/hello", {});
    ASSERT_TRUE(head.ok());
    EXPECT_THAT(head->headers.get("Content-Length"), Optional(Eq("5")));
}

// It has no body and says no length; the server keeps the connection open.
TEST_F(ClientTest, NothingChangedIsAnAnswerAtOnce) {
    const TestServer patient(TestServer::Kind::beast, {});
    const auto http = HttpClient::create(
        {.url = "http://127.0.0.1:" + std::to_string(patient.port()), .token = "", .read_seconds = 1});
    const auto unchanged = (*http)->send(Method::get, "/unchanged", {});
    ASSERT_TRUE(unchanged.ok()) << unchanged.error().message;
    EXPECT_EQ(unchanged->status, 304);
    EXPECT_EQ(unchanged->body, "");
    const auto downloaded = (*http)->download("/unchanged", {}, 0, [](std::span<const char>) { return true; });
    ASSERT_TRUE(downloaded.ok()) << downloaded.error().message;
    EXPECT_EQ(downloaded->status, 304);
    const auto next = (*http)->send(Method::get, "/hello", {});
    ASSERT_TRUE(next.ok());
    EXPECT_EQ(next->body, "hello");
}

TEST_F(ClientTest, StreamsUploads) {
    const std::string& bytes = TestServer::file_content();
    std::size_t sent = 0;
    const auto answer = client()->upload(Method::put, "/upload", {}, bytes.size(), [&](std::span<char> into) {
        const std::size_t count = std::min(into.size(), bytes.size() - sent);
        bytes.copy(into.data(), count, sent);
        sent += count;
        return count;
    });
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->status, 201);
    EXPECT_EQ(server_.uploads().wait_for([](const auto& e) { return e.finished; }).bytes, bytes);
}

TEST_F(ClientTest, AnUploadWhoseSourceFailsIsAnError) {
    const auto answer =
        client()->upload(Method::put, "/upload", {}, 100, [](std::span<char>) { return std::size_t{0}; });
    EXPECT_FALSE(answer.ok());
}

TEST_F(ClientTest, StreamsDownloads) {
    const auto http = client();
    std::string received;
    const auto write = [&](std::span<const char> piece) {
        received.append(piece.data(), piece.size());
        return true;
    };
    const auto answer = http->download("/file", {}, 0, write);
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->body, "");
    EXPECT_EQ(received, TestServer::file_content());
    received.clear();
    const auto missing = http->download("/nowhere", {}, 0, write);
    ASSERT_TRUE(missing.ok());
    EXPECT_EQ(missing->status, 404);
    EXPECT_NE(missing->body, "");
    EXPECT_EQ(received, "");
    EXPECT_FALSE(http->download("/file", {}, 0, [](std::span<const char>) { return false; }).ok());
    EXPECT_FALSE(http->download("/truncated", {}, 0, write).ok());
}

TEST_F(ClientTest, GoesOnWithADownloadAlsoWhereRangesAreNotKnown) {
    std::string received;
    const auto write = [&](std::span<const char> piece) {
        received.append(piece.data(), piece.size());
        return true;
    };
    const std::uint64_t first = TestServer::file_size - 1000;
    const auto answer = client()->download("/file", {}, first, write);
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->status, 200) << "all of the file came";
    EXPECT_TRUE(received == TestServer::file_content().substr(first));
}

TEST_F(ClientTest, NoAnswerIsAnError) {
    std::uint16_t port = 0;
    {
        const TestServer gone(TestServer::Kind::beast);
        port = gone.port();
    }
    const auto http =
        HttpClient::create({.url = "http://127.0.0.1:" + std::to_string(port), .token = "", .no_answer_hint = "look"});
    const auto answer = (*http)->send(Method::get, "/", {});
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, Code::unavailable);
    EXPECT_EQ(answer.error().hint, "look");
}

TEST_F(ClientTest, AServerWithoutTlsIsCalledSo) {
    const auto http = HttpClient::create({.url = "https://127.0.0.1:" + std::to_string(server_.port()), .token = ""});
    const auto answer = (*http)->send(Method::get, "/hello", {});
    ASSERT_FALSE(answer.ok());
    EXPECT_THAT(answer.error().message, testing::HasSubstr("a server without TLS is reached by http://"));
}

TEST_F(ClientTest, RefusesBadAddresses) {
    for (const auto* url : {"", "localhost:80", "ftp://x", "http://", "http://x/path", "http://u@x", "http://x:port",
                            "https:///", "http://:80", "http://x y"}) {
        const auto made = HttpClient::create({.url = url, .token = ""});
        ASSERT_FALSE(made.ok()) << url;
        EXPECT_EQ(made.error().code, Code::invalid_argument) << url;
    }
    EXPECT_TRUE(HttpClient::create({.url = "https://example.org", .token = ""}).ok());
    EXPECT_TRUE(HttpClient::create({.url = "http://[::1]:8080", .token = ""}).ok());
}

}  // namespace
}  // namespace baton::server
