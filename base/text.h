// Reading short text: numbers that fill it, the blanks around it.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace baton {

// The text, all of it, as a number: what std::from_chars reads for the type, so no blank and no '+', a '-' only for
// signed types, and for floating point also "inf" and "nan". nullopt for anything else and for what the type cannot
// hold.
template <class Number>
std::optional<Number> parse_whole(std::string_view text) {
    Number number{};
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end) return std::nullopt;
    return number;
}

// Without the spaces and tabs at both ends.
constexpr std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace baton
