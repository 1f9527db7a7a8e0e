// Random damage to valid requests: whatever comes, the server lives, ends the exchange, and answers no request twice.
#include <gtest/gtest.h>

#include <random>

#include "tests/transport/raw_client.h"
#include "tests/transport/test_server.h"

namespace baton::server {
namespace {

using namespace std::literals;

const std::vector<std::string> seeds = {
    "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n",
    "PUT /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: "
    "100-continue\r\n\r\n4\r\nabcd\r\n0\r\n\r\n",
    "PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nupload",
    "HEAD /m/a%20b/files/c?d=e HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
};

const std::vector<std::string> tokens = {"\r\n",
                                         "\n",
                                         "\r",
                                         " ",
                                         "\t",
                                         ":",
                                         "\0"s,
                                         "\xff",
                                         ";",
                                         "0",
                                         "ffffffffffffffff",
                                         ",",
                                         "%",
                                         "%00",
                                         "/../",
                                         "Content-Length: 3\r\n",
                                         "Transfer-Encoding: chunked\r\n",
                                         "Host: y\r\n",
                                         "Connection: close\r\n",
                                         "Expect: 100-continue\r\n",
                                         "HTTP/1.0",
                                         "\r\n\r\n",
                                         "0\r\n\r\n"};

std::string damage(std::string bytes, std::mt19937& random) {
    const auto below = [&](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
    };
    for (std::size_t i = 0, count = 1 + below(3); i < count; ++i) {
        const std::size_t at = below(bytes.size() + 1);
        const std::size_t length = std::min(below(8), bytes.size() - at);
        switch (below(5)) {
            case 0:
                bytes.insert(at, tokens[below(tokens.size())]);
                break;
            case 1:
                bytes.erase(at, length);
                break;
            case 2:
                bytes.insert(at, bytes.substr(at, length));
                break;
            case 3:
                if (at < bytes.size()) bytes[at] = static_cast<char>(below(256));
                break;
            default:
                bytes.replace(at, length, tokens[below(tokens.size())]);
        }
        if (bytes.empty()) bytes = "G";
    }
    return bytes;
}

std::size_t count_of_final_answers(std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = text.find("HTTP/1.1 "); at != std::string_view::npos; at = text.find("HTTP/1.1 ", at + 1)) {
        count += text.substr(at + 9, 3) != "100";
    }
    return count;
}

// How many requests a reader could at most see: each has a version that ends its request line.
std::size_t count_of_request_lines(std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = text.find(" HTTP/1."); at != std::string_view::npos; at = text.find(" HTTP/1.", at + 1))
        ++count;
    return count;
}

TEST(Mutation, NoDamageCrashesTheServerOrIsAnsweredTwice) {
    TransportOptions options{.limits = short_limits()};
    options.limits.head_time = options.limits.body_time = options.limits.rate_window = options.limits.linger_time =
        50ms;
    TestServer server(TestServer::Kind::beast, options);
    std::mt19937 random(20240607);
    for (int i = 0; i < 3000; ++i) {
        const std::string bytes = damage(seeds[static_cast<std::size_t>(i) % seeds.size()], random);
        RawClient client(server.port());
        // In two parts, cut anywhere, so that every state of the readers sees the end of what is there.
        const std::size_t cut = random() % (bytes.size() + 1);
        client.send(bytes.substr(0, cut));
        client.send(bytes.substr(cut));
        client.finish_sending();
        const std::string all = client.receive_all();
        ASSERT_FALSE(all.ends_with("timeout")) << testing::PrintToString(bytes);
        // A head that ends in garbage is one more refusal at most.
        ASSERT_LE(count_of_final_answers(all), count_of_request_lines(bytes) + 1)
            << testing::PrintToString(bytes) << all;
        if (count_of_request_lines(bytes) == 1 && all.starts_with("HTTP/1.1 4")) {
            ASSERT_TRUE(count_of_final_answers(all) == 1 ||
                        all.find("\r\nConnection: close\r\n") > all.rfind("HTTP/1.1 "))
                << testing::PrintToString(bytes) << all;
        }
    }
    RawClient client(server.port());
    client.send(seeds[0]);
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
}

}  // namespace
}  // namespace baton::server
