#include "cli/duration.h"

#include <charconv>

namespace baton::cli {
namespace {

constexpr std::int64_t longest = 100LL * 366 * 24 * 3600;  // a century: beyond it is a slip of the finger

std::int64_t seconds_of(char unit) {
    switch (unit) {
        case 's':
            return 1;
        case 'm':
            return 60;
        case 'h':
            return 3600;
        case 'd':
            return 24 * 3600;
        case 'w':
            return 7 * 24 * 3600;
        default:
            return 0;
    }
}

}  // namespace

Result<std::chrono::seconds> parse_duration(std::string_view text) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const bool has_unit = error == std::errc() && end + 1 == text.data() + text.size();
    const std::int64_t unit = has_unit ? seconds_of(*end) : 0;
    if (unit == 0 || count <= 0 || count > longest / unit) {
        return invalid_argument("'" + std::string(text) + "' is no length of time", "write 30m, 12h, 90d or 8w");
    }
    return std::chrono::seconds(count * unit);
}

}  // namespace baton::cli
