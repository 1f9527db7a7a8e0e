#include "cli/style.h"

#include <array>
#include <cstdio>

namespace baton::cli {
namespace {

std::string_view escape_of(Colour colour) {
    switch (colour) {
        case Colour::bold:
            return "\x1b[1m";
        case Colour::dim:
            return "\x1b[2m";
        case Colour::red:
            return "\x1b[31m";
        case Colour::green:
            return "\x1b[32m";
        case Colour::yellow:
            return "\x1b[33m";
        case Colour::blue:
            return "\x1b[34m";
    }
    return "";
}

struct Range {
    char32_t first;
    char32_t last;
};

// The blocks that matter in names and descriptions; terminals differ in the rest anyway.
constexpr std::array wide_ranges = {Range{0x1100, 0x115f},   Range{0x2e80, 0x303e},  Range{0x3041, 0xa4cf},
                                    Range{0xac00, 0xd7a3},   Range{0xf900, 0xfaff},  Range{0xfe30, 0xfe6f},
                                    Range{0xff00, 0xff60},   Range{0xffe0, 0xffe6},  Range{0x1f300, 0x1f64f},
                                    Range{0x1f900, 0x1f9ff}, Range{0x20000, 0x3fffd}};
constexpr std::array combining_ranges = {Range{0x0300, 0x036f}, Range{0x1ab0, 0x1aff}, Range{0x200b, 0x200f},
                                         Range{0x20d0, 0x20ff}, Range{0xfe00, 0xfe0f}, Range{0xfe20, 0xfe2f}};

template <std::size_t size>
bool contains(const std::array<Range, size>& ranges, char32_t point) {
    for (const Range& range : ranges) {
        if (point >= range.first && point <= range.last) return true;
    }
    return false;
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0u) == 0x80u; }

// The code point that begins at `at`, which moves behind it. Broken bytes count as themselves.
char32_t next_point(std::string_view text, std::size_t& at) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    if (lead < 0xc0) return lead;
    char32_t point = lead >= 0xf0 ? lead & 0x07u : lead >= 0xe0 ? lead & 0x0fu : lead & 0x1fu;
    while (at < text.size() && is_continuation(text[at])) {
        point = (point << 6) | (static_cast<unsigned char>(text[at++]) & 0x3fu);
    }
    return point;
}

bool is_set(const Io& io, const std::string& name) {
    const auto value = io.environment(name);
    return value && !value->empty();
}

}  // namespace

std::string Style::paint(Colour colour, std::string_view text) const {
    if (!coloured_) return std::string(text);
    return std::string(escape_of(colour)).append(text).append("\x1b[0m");
}

Style style_for(const Io& io, bool is_terminal) {
    return Style(is_terminal && !is_set(io, "NO_COLOR") && io.environment("TERM") != "dumb");
}

std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t start = at;
        const char32_t point = next_point(text, at);
        const bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
        if (control) {
            out += ' ';
        } else {
            out.append(text.substr(start, at - start));
        }
    }
    return out;
}

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    for (std::size_t at = 0; at < text.size();) {
        const char32_t point = next_point(text, at);
        if (contains(combining_ranges, point)) continue;
        width += contains(wide_ranges, point) ? 2 : 1;
    }
    return width;
}

std::string human_size(std::uint64_t bytes) {
    constexpr std::array<const char*, 5> units = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    if (bytes < 1024) return std::to_string(bytes) + " B";
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    std::array<char, 32> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%.1f %s", value, units[unit]);
    return buffer.data();
}

std::string file_count(std::size_t count) { return std::to_string(count) + (count == 1 ? " file" : " files"); }

std::string human_time(std::string_view timestamp) {
    if (timestamp.size() < 20 || timestamp[10] != 'T') return std::string(timestamp);
    return std::string(timestamp.substr(0, 10)) + " " + std::string(timestamp.substr(11, 8)) + "Z";
}

std::string short_digest(std::string_view digest) {
    constexpr std::size_t shown = std::string_view("sha256:").size() + 12;
    return std::string(digest.substr(0, shown));
}

}  // namespace baton::cli
