#include "artifacts/scan/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <span>

namespace baton::artifacts {
namespace {

constexpr std::size_t chunk_size = 64 * 1024;

// Gives out the content of a compressed text piece by piece.
class Inflater {
public:
    Inflater(std::string_view compressed, Deflate wrapper) : rest_(compressed), may_repeat_(wrapper != Deflate::raw) {
        const int window = wrapper == Deflate::raw ? -MAX_WBITS : wrapper == Deflate::zlib ? MAX_WBITS : MAX_WBITS + 16;
        is_open_ = inflateInit2(&stream_, window) == Z_OK;
    }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater() { inflateEnd(&stream_); }

    // Fills `into` as far as the content goes; what was inflated before an error counts.
    std::size_t next(std::span<char> into) {
        std::size_t done = 0;
        while (is_open_ && done < into.size()) done += step(into.subspan(done));
        return done;
    }

private:
    std::size_t step(std::span<char> into) {
        constexpr std::size_t most = std::numeric_limits<uInt>::max();
        // zlib's interface takes its input as non-const and does not write to it.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest_.data()));
        stream_.avail_in = static_cast<uInt>(std::min(rest_.size(), most));
        stream_.next_out = reinterpret_cast<Bytef*>(into.data());
        stream_.avail_out = static_cast<uInt>(std::min(into.size(), most));
        const std::size_t offered_in = stream_.avail_in, offered_out = stream_.avail_out;
        const int status = inflate(&stream_, Z_NO_FLUSH);
        rest_.remove_prefix(offered_in - stream_.avail_in);
        if (status == Z_STREAM_END) {
            // Padding may stand between two streams.
            rest_.remove_prefix(std::min(rest_.find_first_not_of('\0'), rest_.size()));
            is_open_ = may_repeat_ && !rest_.empty() && inflateReset(&stream_) == Z_OK;
        } else {
            is_open_ = status == Z_OK;
        }
        return offered_out - stream_.avail_out;
    }

    z_stream stream_{};
    std::string_view rest_;
    const bool may_repeat_;
    bool is_open_ = false;
};

}  // namespace

Inflated inflate_head(std::string_view compressed, Deflate wrapper, std::size_t limit) {
    Inflater inflater(compressed, wrapper);
    Inflated head;
    std::size_t count = 0;
    do {
        const std::size_t before = head.bytes.size();
        const std::size_t room = std::min(chunk_size, limit - before);
        head.bytes.resize(before + room);
        count = inflater.next(std::span(head.bytes).subspan(before));
        head.bytes.resize(before + count);
    } while (count != 0 && head.bytes.size() < limit);
    char one_more = 0;
    head.has_more = head.bytes.size() == limit && inflater.next(std::span(&one_more, 1)) == 1;
    return head;
}

std::uint64_t inflated_size(std::string_view compressed, Deflate wrapper, std::uint64_t limit) {
    Inflater inflater(compressed, wrapper);
    std::string chunk(chunk_size, '\0');
    std::uint64_t size = 0;
    std::size_t count = 0;
    do {
        count = inflater.next(chunk);
        size += count;
    } while (count != 0 && size < limit);
    return std::min(size, limit);
}

}  // namespace baton::artifacts
