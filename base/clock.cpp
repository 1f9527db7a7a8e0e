#include "base/clock.h"

#include <array>
#include <cstdio>

#include "base/text.h"

namespace baton {
namespace {

// Reads exactly `width` digits at `position` and moves it behind them.
std::optional<int> read_digits(std::string_view text, std::size_t& position, std::size_t width) {
    if (position + width > text.size()) return std::nullopt;
    const auto value = parse_whole<int>(text.substr(position, width));
    if (!value || text[position] == '-') return std::nullopt;
    position += width;
    return value;
}

bool skip(std::string_view text, std::size_t& position, char expected) {
    if (position >= text.size() || text[position] != expected) return false;
    ++position;
    return true;
}

// The fraction digits behind a '.', as microseconds; 0 where there is no '.'.
std::optional<int> read_microseconds(std::string_view text, std::size_t& position) {
    if (!skip(text, position, '.')) return 0;
    int value = 0;
    std::size_t digits = 0;
    for (; position < text.size() && text[position] >= '0' && text[position] <= '9'; ++position, ++digits) {
        if (digits < 6) value = value * 10 + (text[position] - '0');
    }
    if (digits == 0 || digits > 9) return std::nullopt;
    for (; digits < 6; ++digits) value *= 10;
    return value;
}

}  // namespace

Timestamp SystemClock::now() const {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::string format_timestamp(Timestamp time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::array<char, 40> text{};
    const int length =
        std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
    std::size_t at = 0;
    std::array<int, 6> parts{};
    constexpr std::array<std::size_t, 6> widths = {4, 2, 2, 2, 2, 2};
    constexpr std::string_view separators = "--T::";
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto part = read_digits(text, at, widths[i]);
        if (!part) return std::nullopt;
        parts[i] = *part;
        if (i < separators.size() && !skip(text, at, separators[i])) return std::nullopt;
    }
    const auto micros = read_microseconds(text, at);
    if (!micros || !skip(text, at, 'Z') || at != text.size()) return std::nullopt;
    const auto date = std::chrono::year{parts[0]} / parts[1] / parts[2];
    if (!date.ok() || parts[3] > 23 || parts[4] > 59 || parts[5] > 59) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(parts[3]) + std::chrono::minutes(parts[4]) +
           std::chrono::seconds(parts[5]) + std::chrono::microseconds(*micros);
}

}  // namespace baton
