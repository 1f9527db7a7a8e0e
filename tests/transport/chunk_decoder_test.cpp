#include "server/transport/beast/chunk_decoder.h"

#include <gtest/gtest.h>

#include "tests/transport/smuggling_shapes.h"

namespace baton::server {
namespace {

struct Decoded {
    ChunkDecoder::State state = ChunkDecoder::State::more;
    std::string content;
    std::string left;
};

// Feeds `bytes` in pieces of `step`.
Decoded decode(std::string_view bytes, std::size_t step) {
    ChunkDecoder decoder;
    Decoded result;
    while (!bytes.empty()) {
        std::string_view part = bytes.substr(0, step);
        bytes.remove_prefix(part.size());
        do {
            std::string_view piece;
            result.state = decoder.next(part, piece);
            if (result.state == ChunkDecoder::State::data) result.content += piece;
        } while (result.state == ChunkDecoder::State::data);
        if (result.state != ChunkDecoder::State::more) {
            result.left = std::string(part) + std::string(bytes);
            break;
        }
    }
    return result;
}

TEST(ChunkDecoder, DecodesHoweverTheBytesArrive) {
    const std::string bytes =
        "3\r\nabc\r\n00b\r\n0123456789\n\r\nA\r\nABCDEFGHIJ\r\n000\r\nX-Trailer: y\r\nZ:\t\r\n\r\nGET /";
    for (std::size_t step = 1; step <= bytes.size(); ++step) {
        const Decoded decoded = decode(bytes, step);
        ASSERT_EQ(decoded.state, ChunkDecoder::State::complete) << step;
        EXPECT_EQ(decoded.content, "abc0123456789\nABCDEFGHIJ") << step;
        EXPECT_EQ(decoded.left, "GET /") << step;
    }
}

TEST(ChunkDecoder, AsksForMoreUntilTheEnd) {
    const std::string bytes = "3\r\nabc\r\n0\r\nX: y\r\n\r\n";
    for (std::size_t size = 1; size < bytes.size(); ++size) {
        EXPECT_EQ(decode(bytes.substr(0, size), size).state, ChunkDecoder::State::more) << size;
    }
}

TEST(ChunkDecoder, RefusesWhatIsNotPlain) {
    for (const SmugglingShape& shape : smuggling_shapes()) {
        if (shape.part != SmugglingShape::Part::body) continue;
        const std::string body = shape.bytes.substr(shape.bytes.find("\r\n\r\n") + 4);
        for (const std::size_t step : {std::size_t{1}, std::size_t{3}, body.size()}) {
            EXPECT_EQ(decode(body, step).state, ChunkDecoder::State::malformed)
                << shape.name << " in pieces of " << step;
        }
    }
}

TEST(ChunkDecoder, BoundsTheTrailers) {
    EXPECT_EQ(decode("0\r\nX: " + std::string(10'000, 'y') + "\r\n\r\n", 1 << 20).state,
              ChunkDecoder::State::malformed);
}

}  // namespace
}  // namespace baton::server
