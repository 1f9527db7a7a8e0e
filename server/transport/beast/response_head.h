// The head of a response as bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/transport/beast/request_head.h"
#include "server/transport/http.h"

namespace baton::server {

// What the transport adds to a response.
struct Delivery {
    std::string_view date;
    bool http_1_0 = false;
    bool close = false;
    // The body's size; nullopt when it is chunked (or, over HTTP/1.0, ends with the connection).
    std::optional<std::uint64_t> length;
};

// 204 and 304 have no body, whatever a handler says.
bool status_allows_body(int status);

// Appends the head to `out`. Fields that are the transport's own to set are left out of the handler's, and control
// characters in values become spaces, so that no value can end a line.
void append_head(std::string& out, const Response& response, const Delivery& delivery);

}  // namespace baton::server
