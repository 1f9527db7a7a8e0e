// Bounded decompression, for a look at what a file holds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace baton::artifacts {

enum class Deflate { raw, zlib, gzip };

struct Inflated {
    std::string bytes;      // the first ones, at most the limit
    bool has_more = false;  // the limit cut it off; without it the content ends there, by a regular end or by an error
};

// Streams one behind the other (gzip, zlib) count as one, as Python's readers take them.
Inflated inflate_head(std::string_view compressed, Deflate wrapper, std::size_t limit);

// How long the content is, or `limit` when it is longer. Keeps none of it.
std::uint64_t inflated_size(std::string_view compressed, Deflate wrapper, std::uint64_t limit);

}  // namespace baton::artifacts
