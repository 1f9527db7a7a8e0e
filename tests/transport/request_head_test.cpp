#include "server/transport/beast/request_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/transport/smuggling_shapes.h"

namespace baton::server {
namespace {

using namespace std::literals;
using ::testing::Eq;
using ::testing::Optional;

// What becomes of a head that arrives at once: the status of the refusal, or 0 and the framing.
std::pair<int, Framing> read_head(std::string_view head, Request& request) {
    HeadScanner scanner;
    if (scanner.scan(head) != HeadScanner::State::complete) return {400, {}};
    const auto parsed = parse_head(head.substr(0, scanner.size()), request);
    if (const auto* refusal = std::get_if<Refusal>(&parsed)) return {refusal->status, {}};
    return {0, std::get<Framing>(parsed)};
}

TEST(RequestHead, ReadsAWellFormedOne) {
    Request request;
    const auto [status, framing] = read_head(
        "POST /a%20b/c?x=1&y=%3F HTTP/1.1\r\nHost: example.org:8080\r\nContent-Length: 12\r\nX-Empty:\r\n"
        "X-Blanks: \t a b \t\r\nAccept: a\r\nAccept: \xc3\xa9\r\n\r\nbody",
        request);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(request.method, Method::post);
    EXPECT_EQ(request.target, "/a%20b/c?x=1&y=%3F");
    EXPECT_EQ(request.path, "/a%20b/c");
    EXPECT_EQ(request.query, "x=1&y=%3F");
    EXPECT_THAT(request.headers.get("x-empty"), Optional(Eq("")));
    EXPECT_THAT(request.headers.get("x-blanks"), Optional(Eq("a b")));
    EXPECT_EQ(request.headers.count("accept"), 2U);
    EXPECT_EQ(framing.length, 12U);
    EXPECT_TRUE(framing.keep_alive);
    EXPECT_FALSE(framing.chunked);
}

TEST(RequestHead, KnowsTheMethods) {
    const std::vector<std::pair<std::string, Method>> methods = {
        {"GET", Method::get},     {"HEAD", Method::head},  {"POST", Method::post},       {"PUT", Method::put},
        {"PATCH", Method::patch}, {"DELETE", Method::del}, {"OPTIONS", Method::options}, {"get", Method::other},
        {"TRACE", Method::other}, {"BREW", Method::other},
    };
    for (const auto& [name, method] : methods) {
        Request request;
        EXPECT_EQ(read_head(name + " / HTTP/1.1\r\nHost: x\r\n\r\n", request).first, 0) << name;
        EXPECT_EQ(request.method, method) << name;
    }
}

TEST(RequestHead, DecidesWhetherTheConnectionGoesOn) {
    const std::vector<std::pair<std::string, bool>> cases = {
        {"HTTP/1.1\r\nHost: x", true},
        {"HTTP/1.1\r\nHost: x\r\nConnection: close", false},
        {"HTTP/1.1\r\nHost: x\r\nConnection: x, Close", false},
        {"HTTP/1.0", false},
        {"HTTP/1.0\r\nConnection: keep-alive", true},
    };
    for (const auto& [rest, keep_alive] : cases) {
        Request request;
        const auto [status, framing] = read_head("GET / " + rest + "\r\n\r\n", request);
        EXPECT_EQ(status, 0) << rest;
        EXPECT_EQ(framing.keep_alive, keep_alive) << rest;
    }
}

TEST(RequestHead, MeetsOneExpectation) {
    const auto status_of = [](const std::string& fields) {
        Request request;
        return read_head("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n" + fields + "\r\n", request);
    };
    EXPECT_TRUE(status_of("Expect: 100-Continue\r\n").second.expects_continue);
    EXPECT_EQ(status_of("Expect: 200-ok\r\n").first, 417);
    EXPECT_EQ(status_of("Expect: 100-continue\r\nExpect: 100-continue\r\n").first, 417);
    Request request;
    const auto without_body = read_head("GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n", request);
    EXPECT_FALSE(without_body.second.expects_continue);
}

TEST(RequestHead, RefusesEveryHeadThatCouldBeReadInTwoWays) {
    for (const SmugglingShape& shape : smuggling_shapes()) {
        if (shape.part == SmugglingShape::Part::body) continue;
        Request request;
        EXPECT_NE(read_head(shape.bytes, request).first, 0) << shape.name;
    }
}

TEST(RequestHead, RefusesOtherVersionsAndTooManyFields) {
    Request request;
    for (const auto* version : {"HTTP/2.0", "HTTP/0.9", "HTTP/1.2"}) {
        EXPECT_EQ(read_head("GET / "s + version + "\r\nHost: x\r\n\r\n", request).first, 505) << version;
    }
    std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
    for (std::size_t i = 1; i < max_header_fields; ++i) many += "X: y\r\n";
    EXPECT_EQ(read_head(many + "\r\n", request).first, 0);
    request.headers.clear();
    EXPECT_EQ(read_head(many + "X: y\r\n\r\n", request).first, 431);
}

TEST(HeadScanner, FindsTheSameEndHoweverTheBytesArrive) {
    const std::string head = "GET /x HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n";
    const std::string bytes = head + "GET /next";
    HeadScanner scanner;
    for (std::size_t size = 0; size < head.size(); ++size) {
        ASSERT_EQ(scanner.scan(bytes.substr(0, size)), HeadScanner::State::incomplete) << size;
    }
    EXPECT_EQ(scanner.scan(bytes), HeadScanner::State::complete);
    EXPECT_EQ(scanner.size(), head.size());
}

TEST(HeadScanner, RefusesAsSoonAsItCan) {
    for (const auto bytes :
         {"\r\n"sv, "\n"sv, "GET / HTTP/1.1\n"sv, "GET / HTTP/1.1\rH"sv, "GET /\t"sv, "\x16\x03\x01"sv,
          "GET / HTTP/1.1\r\n "sv, "GET / HTTP/1.1\r\nHost: \0"sv, "GET /\x80"sv}) {
        HeadScanner scanner;
        EXPECT_EQ(scanner.scan(bytes), HeadScanner::State::malformed) << bytes;
    }
}

}  // namespace
}  // namespace baton::server
