#include "server/app/access_log.h"

#include "server/log/log.h"

namespace baton::server {

void log_access(const Request& request, const Answered& answered) {
    const auto id = answered.headers.get("X-Request-Id");
    log_event(LogLevel::info, "request",
              {{"method", std::string(method_name(request.method))},
               {"target", request.target},
               {"status", answered.status},
               {"microseconds", answered.took.count() / 1000},
               {"peer", request.peer},
               {"request_id", std::string(id.value_or(""))}});
}

}  // namespace baton::server
