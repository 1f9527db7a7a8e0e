#include "server/app/health.h"

#include <algorithm>

namespace baton::server {
namespace {

void counter(std::string& out, std::string_view name, std::string_view help, std::string_view type) {
    out.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name).append(" ");
    out.append(type).append("\n");
}

void sample(std::string& out, std::string_view name, const std::string& labels, double value) {
    out.append(name);
    if (!labels.empty()) out.append("{").append(labels).append("}");
    std::string number = std::to_string(value);
    if (number.find('.') != std::string::npos) {  // 3.000000 → 3
        number.erase(number.find_last_not_of('0') + 1);
        if (number.back() == '.') number.pop_back();
    }
    out.append(" ").append(number).append("\n");
}

// Model names need no escaping in a label: the name rule allows no quote or backslash.
std::string version_labels(const inference::ServedVersion& version) {
    return "model=\"" + version.model + "\",version=\"" + std::to_string(version.version) + "\"";
}

void model_metrics(std::string& out, const inference::Routes& routes) {
    using Counters = inference::ServedVersion::Counters;
    struct Metric {
        std::string_view name;
        std::string_view help;
        double (*value)(const Counters&);
    };
    static constexpr std::array metrics = {
        Metric{"baton_inference_requests_total", "Inference requests answered",
               [](const Counters& c) { return static_cast<double>(c.requests.load()); }},
        Metric{"baton_inference_failures_total", "Inference requests that failed",
               [](const Counters& c) { return static_cast<double>(c.failures.load()); }},
        Metric{"baton_inference_rows_total", "Rows answered",
               [](const Counters& c) { return static_cast<double>(c.rows.load()); }},
        Metric{"baton_inference_engine_seconds_total", "Time spent in the engine",
               [](const Counters& c) { return static_cast<double>(c.nanoseconds.load()) / 1e9; }},
    };
    for (const Metric& metric : metrics) {
        counter(out, metric.name, metric.help, "counter");
        for (const auto& entry : routes.entries) {
            for (const auto& version : entry.versions) {
                sample(out, metric.name, version_labels(*version), metric.value(version->counters));
            }
        }
    }
}

std::string metrics_text(const Health& health) {
    std::string out = health.requests.prometheus();
    const auto routes = health.live_table.routes();
    counter(out, "baton_live_revision", "Live-set revision that requests are answered from", "gauge");
    sample(out, "baton_live_revision", "", static_cast<double>(routes->revision));
    counter(out, "baton_worker_queue_length", "Tasks waiting for a worker", "gauge");
    sample(out, "baton_worker_queue_length", "", static_cast<double>(health.pool.queued()));
    counter(out, "baton_slot_serving", "1 while the slot's live version is served", "gauge");
    for (const auto& status : health.live_set.statuses()) {
        const std::string labels = "model=\"" + status.model + "\",environment=\"" + status.environment + "\"";
        sample(out, "baton_slot_serving", labels, status.state == inference::ServingState::ready ? 1 : 0);
    }
    model_metrics(out, *routes);
    return out;
}

// One broken model does not make the others unavailable: the counts say so, and baton_slot_serving which.
std::string ready_text(const Health& health) {
    std::size_t failed = 0;
    const auto slots = health.live_set.statuses();
    for (const auto& slot : slots) failed += slot.state == inference::ServingState::failed ? 1 : 0;
    return "{\"status\":\"ready\",\"slots\":" + std::to_string(slots.size()) + ",\"failed\":" + std::to_string(failed) +
           "}";
}

}  // namespace

void RequestMetrics::record(int status, std::chrono::nanoseconds took) {
    constexpr auto relaxed = std::memory_order_relaxed;
    by_class_.at(static_cast<std::size_t>(std::clamp(status / 100, 0, 5))).fetch_add(1, relaxed);
    const auto micros = took.count() / 1000;
    const auto bound = std::lower_bound(bounds_us.begin(), bounds_us.end(), micros);
    by_time_.at(static_cast<std::size_t>(bound - bounds_us.begin())).fetch_add(1, relaxed);
    nanoseconds_.fetch_add(static_cast<std::uint64_t>(took.count()), relaxed);
}

std::string RequestMetrics::prometheus() const {
    std::string out;
    counter(out, "baton_http_requests_total", "HTTP requests answered, by class of status", "counter");
    for (std::size_t i = 1; i < by_class_.size(); ++i) {
        sample(out, "baton_http_requests_total", "class=\"" + std::to_string(i) + "xx\"",
               static_cast<double>(by_class_.at(i).load()));
    }
    counter(out, "baton_http_request_duration_seconds", "From the request's arrival to its answer", "histogram");
    double total = 0;
    for (std::size_t i = 0; i < by_time_.size(); ++i) {
        total += static_cast<double>(by_time_.at(i).load());
        const bool last = i == bounds_us.size();
        std::string bound = last ? "+Inf" : std::to_string(bounds_us.at(i) / 1e6);
        sample(out, "baton_http_request_duration_seconds_bucket", "le=\"" + bound + "\"", total);
    }
    sample(out, "baton_http_request_duration_seconds_sum", "", static_cast<double>(nanoseconds_.load()) / 1e9);
    sample(out, "baton_http_request_duration_seconds_count", "", total);
    return out;
}

void add_health_routes(Router& router, const Health& health) {
    router.add(
        {Method::get, "/healthz", Inline{[](const Request&) { return Response::json(200, "{\"status\":\"ok\"}"); }}});
    router.add({Method::get, "/readyz", Inline{[&health](const Request&) {
                    if (health.draining.load()) return Response::json(503, "{\"status\":\"draining\"}");
                    return Response::json(200, ready_text(health));
                }}});
    router.add({Method::get, "/metrics", Inline{[&health](const Request&) {
                    return Response::text(200, metrics_text(health), "text/plain; version=0.0.4; charset=utf-8");
                }}});
}

}  // namespace baton::server
