// What GET /metrics answers: numbers about HTTP, the live set and each served version.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "inference/live_set.h"
#include "inference/live_table.h"
#include "server/app/prometheus.h"
#include "server/transport/server.h"

namespace baton::server {

// Counts what was answered over HTTP. Thread-safe, without locks.
class RequestMetrics {
public:
    void record(int status, std::chrono::nanoseconds took);
    void write(PrometheusText& out) const;

private:
    std::array<std::atomic<std::uint64_t>, 6> by_class_{};  // index: status / 100
    inference::Histogram<13> time_;
};

// Counters have base units and the labels model and version at most, so that their number is bounded by what is loaded.
// The nv_* names are those of Triton's metrics, for dashboards that exist.
std::string metrics_text(const RequestMetrics& requests, const inference::LiveTable& table,
                         const inference::LiveSet& live_set, const WorkerPool& pool, const WorkerPool& models);

}  // namespace baton::server
