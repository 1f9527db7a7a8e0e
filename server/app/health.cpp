#include "server/app/health.h"

#include <algorithm>

namespace baton::server {
namespace {

// One broken model does not make the others unavailable: the counts say so, and baton_slot_serving which.
Response readiness(const Health& health) {
    const auto slots = health.live_set.statuses();
    const auto count = [&](inference::ServingState state) {
        return std::to_string(std::ranges::count(slots, state, &inference::SlotStatus::state));
    };
    const bool ready = is_ready(health);
    const std::string status = health.draining ? "draining" : ready ? "ready" : "loading";
    return Response::json(ready ? 200 : 503, "{\"status\":\"" + status +
                                                 "\",\"slots\":" + std::to_string(slots.size()) +
                                                 ",\"loading\":" + count(inference::ServingState::loading) +
                                                 ",\"failed\":" + count(inference::ServingState::failed) + "}");
}

}  // namespace

bool is_ready(const Health& health) { return !health.draining && health.live_set.settled(0); }

void add_health_routes(Router& router, const Health& health) {
    router.add(
        {Method::get, "/healthz", Inline{[](const Request&) { return Response::json(200, "{\"status\":\"ok\"}"); }}});
    router.add({Method::get, "/readyz", Inline{[&health](const Request&) { return readiness(health); }}});
    // Some dozen lines for each version: too much for a loop. When the pool is full, the management listener has them.
    router.add({Method::get, "/metrics", Pooled{[&health](const Request&) {
                    return Response::text(
                        200,
                        metrics_text(health.requests, health.live_table, health.live_set, health.pool, health.models),
                        "text/plain; version=0.0.4; charset=utf-8");
                }}});
}

}  // namespace baton::server
