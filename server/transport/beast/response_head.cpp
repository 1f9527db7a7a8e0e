#include "server/transport/beast/response_head.h"

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

}  // namespace

bool status_allows_body(int status) { return status >= 200 && status != 204 && status != 304; }

void append_head(std::string& out, const Response& response, const Delivery& delivery) {
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::uint64_t>(response.status));
    const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status));
    out.append(" ").append(reason.data(), reason.size()).append("\r\nDate: ").append(delivery.date).append("\r\n");
    for (auto field = response.headers.begin(); field != response.headers.end(); ++field) {
        if (!is_transports_own((*field).first)) out.append(field.line());
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
