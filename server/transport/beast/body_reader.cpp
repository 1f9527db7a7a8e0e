#include "server/transport/beast/body_reader.h"

#include <algorithm>
#include <cstring>

namespace baton::server {
namespace {

// Up to this size a body is not accounted for: the connection limit bounds what they amount to, and the hot path
// touches no shared counter.
constexpr std::size_t unaccounted = InputBuffer::initial_capacity;

}  // namespace

BodyReader::BodyReader(const Framing& framing, std::uint64_t limit, std::size_t window, std::string& body,
                       MemoryBudget& budget)
    : limit_(limit),
      window_(window),
      body_(body),
      reservation_(budget),
      chunked_(framing.chunked),
      remaining_(framing.chunked ? 0 : framing.length) {
    body_.clear();
}

// Makes body_ large enough for `bytes` more, if it can be had; grows by doubling so that copies stay few.
bool BodyReader::make_room(std::size_t bytes) {
    const std::size_t needed = gathered_ + bytes;
    if (needed <= body_.size()) return true;
    std::size_t size = std::max({needed, room_, body_.size() * 2});
    if (window_ > 0) size = std::min(size, std::max(needed, window_));
    if (!chunked_) size = static_cast<std::size_t>(std::min<std::uint64_t>(size, gathered_ + remaining_));
    // A streamed body has a second piece in the hands of its sink.
    if (size > unaccounted && !reservation_.raise_to(window_ > 0 ? 2 * size : size)) return false;
    body_.reserve(size + Request::body_padding);
    body_.resize(size);
    room_ = size;
    return true;
}

BodyReader::State BodyReader::progress() {
    complete_ = complete_ || (!chunked_ && remaining_ == 0);
    if (!complete_) return State::more;
    if (window_ == 0) {
        body_.reserve(gathered_ + Request::body_padding);
        body_.resize(gathered_);
    }
    return State::complete;
}

BodyReader::State BodyReader::take(InputBuffer& input) {
    if (complete_) return State::complete;
    if (chunked_) return take_chunked(input);
    std::uint64_t wanted = std::min<std::uint64_t>(remaining_, input.size());
    if (window_ > 0) wanted = std::min<std::uint64_t>(wanted, window_ - std::min(window_, gathered_));
    const auto bytes = static_cast<std::size_t>(wanted);
    if (bytes > 0) {
        if (!make_room(bytes)) return State::no_memory;
        std::memcpy(body_.data() + gathered_, input.view().data(), bytes);
        input.consume(bytes);
    }
    return took(bytes);
}

BodyReader::State BodyReader::take_chunked(InputBuffer& input) {
    while (!window_is_full()) {
        const std::string_view view = input.view();
        // No more than the window has room for, so that no piece has to be put back.
        std::string_view rest = window_ > 0 ? view.substr(0, window_ - gathered_) : view;
        const std::size_t offered = rest.size();
        std::string_view piece;
        const ChunkDecoder::State state = decoder_.next(rest, piece);
        if (state == ChunkDecoder::State::malformed) return State::malformed;
        if (state == ChunkDecoder::State::data) {
            decoded_ += piece.size();
            if (decoded_ > limit_) return State::too_large;
            if (!make_room(piece.size())) return State::no_memory;
            std::memcpy(body_.data() + gathered_, piece.data(), piece.size());
            gathered_ += piece.size();
        }
        input.consume(offered - rest.size());
        if (decoder_.announced() > limit_ - decoded_) return State::too_large;
        complete_ = state == ChunkDecoder::State::complete;
        if (complete_ || input.empty()) break;
    }
    return progress();
}

std::span<char> BodyReader::space() {
    if (chunked_ || complete_ || window_is_full()) return {};
    if (gathered_ == body_.size() && !make_room(1)) return {};
    const std::uint64_t room = std::min<std::uint64_t>(body_.size() - gathered_, remaining_);
    return {body_.data() + gathered_, static_cast<std::size_t>(room)};
}

BodyReader::State BodyReader::took(std::size_t bytes) {
    gathered_ += bytes;
    remaining_ -= bytes;
    return progress();
}

void BodyReader::take_out(std::string& piece) {
    body_.resize(gathered_);
    piece.swap(body_);
    body_.clear();
    gathered_ = 0;
}

}  // namespace baton::server
