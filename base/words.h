// Looking at text eight bytes at a time, for the checks that every byte of every request goes through.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace baton {

constexpr std::uint64_t in_every_byte(std::uint8_t byte) { return 0x0101010101010101U * byte; }

// Not zero if one of the bytes is below `limit`, which is at most 128.
constexpr std::uint64_t has_below(std::uint64_t word, std::uint8_t limit) {
    return (word - in_every_byte(limit)) & ~word & in_every_byte(0x80);
}
constexpr std::uint64_t has_byte(std::uint64_t word, char byte) {
    return has_below(word ^ in_every_byte(static_cast<std::uint8_t>(byte)), 1);
}
constexpr std::uint64_t has_beyond_ascii(std::uint64_t word) { return word & in_every_byte(0x80); }

// Whether the test is not zero for any word of the text; a text shorter than one word has letters behind it.
template <class Test>
bool any_word(std::string_view text, Test test) {
    constexpr std::size_t size = sizeof(std::uint64_t);
    std::uint64_t word = in_every_byte('a');
    if (text.size() < size) {
        text.copy(reinterpret_cast<char*>(&word), text.size());
        return test(word) != 0;
    }
    std::uint64_t found = 0;
    const std::size_t last = text.size() - size;
    for (std::size_t at = 0; at < last; at += size) {
        std::memcpy(&word, text.data() + at, size);
        found |= test(word);
    }
    std::memcpy(&word, text.data() + last, size);  // overlaps the one before
    return (found | test(word)) != 0;
}

constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
inline bool has_control(std::string_view text) {
    return any_word(text, [](std::uint64_t word) { return has_below(word, 0x20) | has_byte(word, 0x7f); });
}

// Copies the text to `to`; where it ends there.
inline char* copy(std::string_view text, char* to) { return to + text.copy(to, text.size()); }

}  // namespace baton
