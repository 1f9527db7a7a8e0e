#include "server/app/health.h"

namespace baton::server {
namespace {

// One broken model does not make the others unavailable: the counts say so, and baton_slot_serving which.
std::string ready_text(const Health& health) {
    std::size_t failed = 0;
    const auto slots = health.live_set.statuses();
    for (const auto& slot : slots) failed += slot.state == inference::ServingState::failed ? 1 : 0;
    return "{\"status\":\"ready\",\"slots\":" + std::to_string(slots.size()) + ",\"failed\":" + std::to_string(failed) +
           "}";
}

}  // namespace

void add_health_routes(Router& router, const Health& health) {
    router.add(
        {Method::get, "/healthz", Inline{[](const Request&) { return Response::json(200, "{\"status\":\"ok\"}"); }}});
    router.add({Method::get, "/readyz", Inline{[&health](const Request&) {
                    if (health.draining.load()) return Response::json(503, "{\"status\":\"draining\"}");
                    return Response::json(200, ready_text(health));
                }}});
    // Some dozen lines for each version: too much for a loop. When the pool is full, the management listener has them.
    router.add({Method::get, "/metrics", Pooled{[&health](const Request&) {
                    return Response::text(
                        200, metrics_text(health.requests, health.live_table, health.live_set, health.pool),
                        "text/plain; version=0.0.4; charset=utf-8");
                }}});
}

}  // namespace baton::server
