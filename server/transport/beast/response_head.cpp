#include "server/transport/beast/response_head.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <charconv>

#include "server/transport/wire.h"

namespace baton::server {
namespace {

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    const std::size_t start = out.size();
    out.append(value);
    std::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(start), out.end(),
        [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }, ' ');
    out.append("\r\n");
}

bool is_field_name(std::string_view name) {
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f && c != ':'; });
}

}  // namespace

bool status_allows_body(int status) { return status >= 200 && status != 204 && status != 304; }

void append_head(std::string& out, const Response& response, const Delivery& delivery) {
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::uint64_t>(response.status));
    const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status));
    out.append(" ").append(reason.data(), reason.size()).append("\r\nDate: ").append(delivery.date).append("\r\n");
    for (const auto& [name, value] : response.headers) {
        if (is_field_name(name) && !is_transports_own(name)) append_field(out, name, value);
    }
    if (status_allows_body(response.status)) {
        if (delivery.length) {
            out.append("Content-Length: ");
            append_number(out, *delivery.length);
            out.append("\r\n");
        } else if (!delivery.http_1_0) {
            out.append("Transfer-Encoding: chunked\r\n");
        }
    }
    if (delivery.close) {
        out.append("Connection: close\r\n");
    } else if (delivery.http_1_0) {
        out.append("Connection: keep-alive\r\n");
    }
    out.append("\r\n");
}

}  // namespace baton::server
