#include "server/transport/beast/chunk_decoder.h"

#include <algorithm>

namespace baton::server {
namespace {

constexpr unsigned max_size_digits = 16;
constexpr std::size_t max_trailer_bytes = 8 * 1024;

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

bool ChunkDecoder::accept_digit(char c) {
    const int value = hex_value(c);
    if (value < 0 || ++digits_ > max_size_digits) return false;
    size_ = size_ << 4 | static_cast<std::uint64_t>(value);
    return true;
}

bool ChunkDecoder::accept(char c) {
    switch (place_) {
        case Place::size:
            if (c != '\r') return accept_digit(c);
            place_ = Place::size_end;
            return digits_ > 0;
        case Place::size_end:
            place_ = size_ > 0 ? Place::content : Place::trailer;
            return c == '\n';
        case Place::content_cr:
            place_ = Place::content_lf;
            return c == '\r';
        case Place::content_lf:
            place_ = Place::size;
            digits_ = 0;
            return c == '\n';
        case Place::trailer:
            if (c == '\r') {
                place_ = Place::trailer_end;
                return true;
            }
            ++trailer_line_;
            if (trailer_line_ == 1 && (c == ' ' || c == '\t')) return false;
            return (static_cast<unsigned char>(c) >= 0x20 || c == '\t') && c != 0x7f &&
                   ++trailer_bytes_ <= max_trailer_bytes;
        case Place::trailer_end:
            place_ = Place::trailer;
            complete_ = trailer_line_ == 0;
            trailer_line_ = 0;
            return c == '\n';
        case Place::content:
            break;  // not framing
    }
    return false;
}

ChunkDecoder::State ChunkDecoder::next(std::string_view& input, std::string_view& piece) {
    while (!input.empty() && place_ != Place::content) {
        if (!accept(input.front())) return State::malformed;
        input.remove_prefix(1);
        if (complete_) return State::complete;
    }
    if (input.empty()) return State::more;
    piece = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(size_, input.size())));
    input.remove_prefix(piece.size());
    size_ -= piece.size();
    if (size_ == 0) place_ = Place::content_cr;
    return State::data;
}

}  // namespace baton::server
