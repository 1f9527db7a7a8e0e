// Structured logs: one JSON object a line on stderr.
#pragma once

#include "server/transport/server.h"

namespace baton::server {

// Sets the process's log up. Writing happens on a thread of its own with a bounded queue; when that is full, the oldest
// lines go.
void start_log();
void stop_log();  // writes what is queued

void log_access(const Request& request, const Answered& answered);

}  // namespace baton::server
