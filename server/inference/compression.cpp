#include "server/inference/compression.h"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "base/text.h"
#include "server/transport/http.h"

namespace baton::server {
namespace {

constexpr std::size_t always_allowed = 4u << 20;  // whatever the ratio
constexpr int gzip_window = 15 + 16;              // zlib's way to say: with gzip's head and trailer
constexpr int zlib_window = 15;
constexpr int fast = 1;

int window_of(Coding coding) { return coding == Coding::gzip ? gzip_window : zlib_window; }

std::optional<Coding> coding_of(std::string_view name) {
    if (equal_ignoring_case(name, "gzip") || equal_ignoring_case(name, "x-gzip")) return Coding::gzip;
    if (equal_ignoring_case(name, "deflate")) return Coding::deflate;
    if (equal_ignoring_case(name, "identity") || name.empty()) return Coding::identity;
    return std::nullopt;
}

// "q=0", "q=0.000": not at all. Other weights are taken as wishes that need not be followed.
bool is_refused(std::string_view parameters) {
    const std::size_t equals = parameters.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view weight = trimmed(parameters.substr(equals + 1));
    return !weight.empty() && weight.find_first_not_of("0.") == std::string_view::npos;
}

Bytef* bytes_of(const char* text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text)); }

// A zlib stream that reads from a body. Bodies are smaller than zlib's counters.
class Inflater {
public:
    Inflater(Coding coding, std::string_view body) {
        if (inflateInit2(&stream_, window_of(coding)) != Z_OK) throw std::bad_alloc();
        stream_.next_in = bytes_of(body.data());
        stream_.avail_in = static_cast<uInt>(body.size());
    }
    ~Inflater() { inflateEnd(&stream_); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    enum class State { more, end, broken };
    // Fills the room as far as it can; `written` says how far.
    State fill(char* room, std::size_t size, std::size_t& written) {
        stream_.next_out = bytes_of(room);
        stream_.avail_out = static_cast<uInt>(size);
        const int state = inflate(&stream_, Z_NO_FLUSH);
        written = size - stream_.avail_out;
        if (state == Z_STREAM_END) return State::end;
        // Without progress the body has ended before its stream.
        return state == Z_OK && (written > 0 || stream_.avail_in > 0) ? State::more : State::broken;
    }
    bool has_more_input() const { return stream_.avail_in > 0; }

private:
    z_stream stream_{};
};

}  // namespace

std::string_view coding_name(Coding coding) {
    switch (coding) {
        case Coding::gzip:
            return "gzip";
        case Coding::deflate:
            return "deflate";
        case Coding::identity:
            break;
    }
    return "identity";
}

std::optional<Coding> parse_coding(std::string_view header) { return coding_of(trimmed(header)); }

Coding accepted_coding(std::string_view header) {
    bool deflate = false;
    while (!header.empty()) {
        const std::string_view item = header.substr(0, header.find(','));
        header.remove_prefix(std::min(item.size() + 1, header.size()));
        const std::size_t end = std::min(item.find(';'), item.size());
        if (is_refused(item.substr(end))) continue;
        const auto coding = coding_of(trimmed(item.substr(0, end)));
        if (coding == Coding::gzip) return Coding::gzip;
        deflate = deflate || coding == Coding::deflate;
    }
    return deflate ? Coding::deflate : Coding::identity;
}

Result<std::string> decompress(Coding coding, std::string_view body, std::size_t limit, const DecodeLimits& limits) {
    const auto too_large = [&](std::size_t bytes) {
        return Error{.code = Code::too_large,
                     .message = "the compressed body holds more than " + std::to_string(bytes) + " bytes"};
    };
    const std::size_t most = std::min(limit, std::max(always_allowed, body.size() * inflation_limit));
    Inflater inflater(coding, body);
    std::string content;
    std::size_t used = 0;
    for (auto state = Inflater::State::more; state != Inflater::State::end;) {
        if (used == content.size()) {
            if (used > most) return too_large(most);
            const std::size_t size = std::min(most + 1, std::max(body.size() * 2, used * 2) + 1024);
            BATON_TRY(limits.take(size - used));
            content.reserve(size + Request::body_padding);
            content.resize(size);
        }
        std::size_t written = 0;
        state = inflater.fill(content.data() + used, content.size() - used, written);
        used += written;
        if (state == Inflater::State::broken) {
            return invalid_argument("the body is not well-formed " + std::string(coding_name(coding)));
        }
    }
    if (inflater.has_more_input()) return invalid_argument("something follows the end of the compressed body");
    if (used > most) return too_large(most);
    content.resize(used);
    return content;
}

std::string compress(Coding coding, std::string_view text) {
    z_stream stream{};
    constexpr int usual_memory = 8;
    if (deflateInit2(&stream, fast, Z_DEFLATED, window_of(coding), usual_memory, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::bad_alloc();
    }
    std::string packed(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
    stream.next_in = bytes_of(text.data());
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = bytes_of(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    const int state = deflate(&stream, Z_FINISH);
    packed.erase(std::min<std::size_t>(stream.total_out, packed.size()));
    deflateEnd(&stream);
    if (state != Z_STREAM_END) std::abort();  // the room was as large as it can need
    return packed;
}

}  // namespace baton::server
