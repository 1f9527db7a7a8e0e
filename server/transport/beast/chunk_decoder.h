// Undoes the chunked transfer coding, strictly.
#pragma once

#include <cstdint>
#include <string_view>

namespace baton::server {

// One object a body. Refuses chunk extensions, sizes that are not plain hex of at most 16 digits, and lines that do not
// end in CRLF. Trailer fields are checked for form and dropped.
class ChunkDecoder {
public:
    enum class State { more, data, complete, malformed };

    // Takes bytes off the front of `input`. `data`: `piece` is body content, call again; `more`: all of `input` was
    // taken; `complete`: the body ended, what is left of `input` belongs to the next message.
    State next(std::string_view& input, std::string_view& piece);

    // Content that the chunk being read still announces.
    std::uint64_t announced() const { return place_ == Place::content ? size_ : 0; }

private:
    enum class Place { size, size_end, content, content_cr, content_lf, trailer, trailer_end };
    bool accept(char c);  // one byte of framing; false: malformed
    bool accept_digit(char c);

    Place place_ = Place::size;
    std::uint64_t size_ = 0;  // of the chunk; in `content`: what is left of it
    unsigned digits_ = 0;
    bool complete_ = false;
    std::size_t trailer_bytes_ = 0;
    std::size_t trailer_line_ = 0;
};

}  // namespace baton::server
