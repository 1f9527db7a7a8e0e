// One line in the log for each request.
#pragma once

#include "server/transport/server.h"

namespace baton::server {

void log_access(const Request& request, const Answered& answered);

}  // namespace baton::server
