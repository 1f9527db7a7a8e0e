// Liveness, readiness and metrics, on the front door and on the management listener alike.
#pragma once

#include <atomic>

#include "inference/live_set.h"
#include "inference/live_table.h"
#include "server/app/metrics.h"
#include "server/transport/router.h"
#include "server/transport/server.h"

namespace baton::server {

struct Health {
    const inference::LiveTable& live_table;
    const inference::LiveSet& live_set;
    const RequestMetrics& requests;
    const WorkerPool& pool;
    const WorkerPool& models;
    std::atomic<bool>& draining;
};

// From when all that was live at the start was loaded, or failed to load, until the server drains: what is loaded later
// never makes it unready.
bool is_ready(const Health& health);

// GET /healthz, /readyz, /metrics. `health` must outlive the router.
void add_health_routes(Router& router, const Health& health);

}  // namespace baton::server
