#include "server/app/access_log.h"

#include "server/log/log.h"

namespace baton::server {
namespace {

// The trace that a W3C traceparent header names: 00-<32 hexadecimal digits>-<16>-<2>; "" if it is none.
std::string_view trace_id(std::string_view traceparent) {
    constexpr std::size_t begin = 3;
    constexpr std::size_t size = 32;
    constexpr std::size_t least = 55;
    constexpr std::string_view digits = "0123456789abcdef";
    const bool has_form = traceparent.size() >= least && !traceparent.starts_with("ff") && traceparent[2] == '-' &&
                          traceparent[begin + size] == '-' && traceparent[52] == '-';
    if (!has_form) return {};
    const std::string_view id = traceparent.substr(begin, size);
    const bool is_valid =
        id.find_first_not_of(digits) == std::string_view::npos && id.find_first_not_of('0') != std::string_view::npos;
    return is_valid ? id : std::string_view();
}

}  // namespace

void log_access(const Request& request, const Answered& answered) {
    const auto id = answered.headers.get("X-Request-Id");
    const auto trace = trace_id(request.headers.get("traceparent").value_or(""));
    log_event(LogLevel::info, "request",
              {{"method", std::string(method_name(request.method))},
               {"target", request.target},
               {"status", answered.status},
               {"microseconds", answered.took.count() / 1000},
               {"peer", request.peer},
               {"request_id", std::string(id.value_or(""))},
               {"trace_id", std::string(trace)}});
}

}  // namespace baton::server
