// Gathers a request body, within the limit of its route and the memory of the server.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "server/transport/beast/chunk_decoder.h"
#include "server/transport/beast/input_buffer.h"
#include "server/transport/beast/limits.h"
#include "server/transport/beast/request_head.h"

namespace baton::server {

// One object a body. Whole bodies are gathered to their end; a streamed one is taken out piece by piece as it comes.
// Memory grows with what has arrived, never with what was declared.
class BodyReader {
public:
    enum class State { more, complete, malformed, too_large, no_memory };

    // `body` is where bytes go. `window`: no more than that many are gathered before they are taken out (0: no bound).
    BodyReader(const Framing& framing, std::uint64_t limit, std::size_t window, std::string& body,
               MemoryBudget& budget);

    // Uses what `input` holds, as far as the window has room.
    State take(InputBuffer& input);
    // Where the next bytes of the body may be read to, past any buffer; empty when they have to be decoded first
    // (chunked), the window is full or there is no memory.
    std::span<char> space();
    State took(std::size_t bytes);  // that many were read into space()

    std::size_t gathered() const { return gathered_; }
    bool window_is_full() const { return window_ > 0 && gathered_ >= window_; }
    bool is_complete() const { return complete_; }
    // Moves what was gathered to `piece`, whose memory is used for what comes next.
    void take_out(std::string& piece);

private:
    bool make_room(std::size_t bytes);
    State take_chunked(InputBuffer& input);
    State progress();

    const std::uint64_t limit_;
    const std::size_t window_;
    std::string& body_;
    Reservation reservation_;
    ChunkDecoder decoder_;
    const bool chunked_;
    std::uint64_t remaining_;    // of a body of declared length: not yet here
    std::uint64_t decoded_ = 0;  // of a chunked one: here so far
    std::size_t gathered_ = 0;
    // At least so much room is made at a time: what a sender has filled before, it will fill again.
    std::size_t room_ = 4 * 1024;
    bool complete_ = false;
};

}  // namespace baton::server
