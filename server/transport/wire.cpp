#include "server/transport/wire.h"

#include <algorithm>
#include <array>

#include "server/transport/http.h"

namespace baton::server {

std::string format_http_date(std::time_t time) {
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    std::array<char, 40> text;
    const std::size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return {text.data(), size};
}

bool is_transports_own(std::string_view name) {
    static constexpr std::array<std::string_view, 4> own = {"Content-Length", "Transfer-Encoding", "Connection",
                                                            "Date"};
    return std::ranges::any_of(
        own, [&](std::string_view field) { return field.size() == name.size() && equal_ignoring_case(field, name); });
}

}  // namespace baton::server
