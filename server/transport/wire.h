// What both adapters put on the wire in the same way.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

namespace baton::server {

// The value of a Date field: Sun, 06 Nov 1994 08:49:37 GMT.
std::string format_http_date(std::time_t time);

// A field that is the transport's to set; a handler's is left out.
bool is_transports_own(std::string_view name);

}  // namespace baton::server
