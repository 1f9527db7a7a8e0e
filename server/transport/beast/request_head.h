// From the bytes of a request head to a Request, refusing whatever two readers could understand in two ways.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "server/transport/http.h"

namespace baton::server {

// Finds the end of a head in bytes as they arrive. Refuses early what the parser would let pass or would wait on for
// ever: lone CR or LF, folded lines, control characters, a leading empty line.
class HeadScanner {
public:
    enum class State { incomplete, complete, malformed };

    // `bytes` is all that is there of the message, from its first byte; what was looked at before is not looked at
    // again.
    State scan(std::string_view bytes);
    std::size_t size() const { return position_; }  // of the complete head, with its empty line
    bool in_request_line() const { return lines_ == 0; }
    void reset() { *this = HeadScanner(); }

private:
    bool accepts(std::string_view bytes, std::size_t end) const;

    std::size_t position_ = 0;  // everything before it was accepted
    std::size_t line_start_ = 0;
    std::size_t lines_ = 0;
};

// How the body of a request is delimited and what the connection does afterwards.
struct Framing {
    bool http_1_0 = false;
    bool keep_alive = false;
    bool chunked = false;
    std::uint64_t length = 0;  // of a body that is not chunked
    bool expects_continue = false;

    bool has_body() const { return chunked || length > 0; }
};

// Why a request is refused; the connection closes after the answer.
struct Refusal {
    int status;
    const char* reason;
};

constexpr std::size_t max_header_fields = 100;

// Fills in method, target, path, query and headers of `request` from a head that the scanner found complete.
// After a Refusal `request` holds what was read so far.
std::variant<Framing, Refusal> parse_head(std::string_view head, Request& request);

}  // namespace baton::server
