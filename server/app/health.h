// Liveness, readiness and metrics, on the front door and on the management listener alike.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "inference/live_set.h"
#include "inference/live_table.h"
#include "server/transport/router.h"
#include "server/transport/server.h"

namespace baton::server {

// Counts what was answered. Thread-safe, without locks.
class RequestMetrics {
public:
    void record(int status, std::chrono::nanoseconds took);
    std::string prometheus() const;

private:
    static constexpr std::array bounds_us = {100,   250,   500,    1000,   2500,    5000,   10000,
                                             25000, 50000, 100000, 250000, 1000000, 5000000};
    std::array<std::atomic<std::uint64_t>, 6> by_class_{};  // index: status / 100
    std::array<std::atomic<std::uint64_t>, bounds_us.size() + 1> by_time_{};
    std::atomic<std::uint64_t> nanoseconds_{0};
};

struct Health {
    const inference::LiveTable& live_table;
    const inference::LiveSet& live_set;
    const RequestMetrics& requests;
    const WorkerPool& pool;
    std::atomic<bool>& draining;
};

// GET /healthz, /readyz, /metrics. `health` must outlive the router.
void add_health_routes(Router& router, const Health& health);

}  // namespace baton::server
