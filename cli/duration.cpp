#include "cli/duration.h"

#include "base/text.h"

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
    const std::int64_t unit = text.empty() ? 0 : seconds_of(text.back());
    const std::int64_t count = unit == 0 ? 0 : parse_whole<std::int64_t>(text.substr(0, text.size() - 1)).value_or(0);
    if (count <= 0 || count > longest / unit) {
        return invalid_argument("'" + std::string(text) + "' is no length of time", "write 30m, 12h, 90d or 8w");
    }
    return std::chrono::seconds(count * unit);
}

}  // namespace baton::cli
