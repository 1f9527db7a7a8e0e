#include "server/app/metrics.h"

#include <algorithm>
#include <functional>

#include "base/error_codes.h"

namespace baton::server {
namespace {

using inference::Counters;
using inference::Routes;
using inference::ServedVersion;

constexpr double nanoseconds_per_second = 1e9;
constexpr double nanoseconds_per_microsecond = 1e3;

// Model names need no escaping in a label: the name rule allows no quote or backslash.
std::string labels_of(const ServedVersion& version) {
    return "model=\"" + version.model + "\",version=\"" + std::to_string(version.version) + "\"";
}

void for_each_version(const Routes& routes, const std::function<void(const ServedVersion&)>& visit) {
    for (const auto& entry : routes.entries) {
        for (const auto& version : entry.versions) visit(*version);
    }
}

double successes(const Counters& counters) {
    return static_cast<double>(counters.requests.load() - std::min(counters.requests.load(), counters.failed()));
}

// One number a version.
struct Metric {
    const char* name;
    const char* help;
    const char* type;
    double (*value)(const ServedVersion&);
};

constexpr std::array own_metrics = {
    Metric{"baton_inference_requests_total", "Inference requests answered", "counter",
           [](const ServedVersion& v) { return static_cast<double>(v.counters.requests.load()); }},
    Metric{"baton_inference_rows_total", "Rows of requests answered with success", "counter",
           [](const ServedVersion& v) { return static_cast<double>(v.counters.rows.load()); }},
    Metric{"baton_inference_queue_seconds_total", "Time requests waited for a worker", "counter",
           [](const ServedVersion& v) { return static_cast<double>(v.counters.queue_ns) / nanoseconds_per_second; }},
    Metric{"baton_inference_decode_seconds_total", "Time from bytes to tensors", "counter",
           [](const ServedVersion& v) { return static_cast<double>(v.counters.decode_ns) / nanoseconds_per_second; }},
    Metric{"baton_inference_encode_seconds_total", "Time from tensors to bytes", "counter",
           [](const ServedVersion& v) { return static_cast<double>(v.counters.encode_ns) / nanoseconds_per_second; }},
    Metric{"baton_version_load_seconds", "What reading, compiling and warming up took", "gauge",
           [](const ServedVersion& v) { return static_cast<double>(v.load_time.count()) / nanoseconds_per_second; }},
    Metric{
        "baton_version_loaded_timestamp_seconds", "When it was loaded, in Unix time", "gauge",
        [](const ServedVersion& v) { return std::chrono::duration<double>(v.loaded_at.time_since_epoch()).count(); }},
};

constexpr std::array triton_metrics = {
    Metric{"nv_inference_request_success", "Requests answered with success", "counter",
           [](const ServedVersion& v) { return successes(v.counters); }},
    Metric{"nv_inference_count", "Rows answered", "counter",
           [](const ServedVersion& v) { return static_cast<double>(v.counters.rows.load()); }},
    Metric{"nv_inference_exec_count", "Runs of the engine", "counter",
           [](const ServedVersion& v) { return static_cast<double>(v.counters.runs()); }},
    Metric{"nv_inference_request_duration_us", "Time of all requests", "counter",
           [](const ServedVersion& v) {
               return static_cast<double>(v.counters.total_time.sum()) / nanoseconds_per_microsecond;
           }},
    Metric{
        "nv_inference_queue_duration_us", "Time in the queue", "counter",
        [](const ServedVersion& v) { return static_cast<double>(v.counters.queue_ns) / nanoseconds_per_microsecond; }},
    Metric{
        "nv_inference_compute_input_duration_us", "Time from bytes to tensors", "counter",
        [](const ServedVersion& v) { return static_cast<double>(v.counters.decode_ns) / nanoseconds_per_microsecond; }},
    Metric{"nv_inference_compute_infer_duration_us", "Time in the engine", "counter",
           [](const ServedVersion& v) {
               return static_cast<double>(v.counters.engine_time.sum()) / nanoseconds_per_microsecond;
           }},
    Metric{
        "nv_inference_compute_output_duration_us", "Time from tensors to bytes", "counter",
        [](const ServedVersion& v) { return static_cast<double>(v.counters.encode_ns) / nanoseconds_per_microsecond; }},
    Metric{"nv_model_load_duration_secs", "Time to load", "gauge",
           [](const ServedVersion& v) { return static_cast<double>(v.load_time.count()) / nanoseconds_per_second; }},
};

template <std::size_t Count>
void write_metrics(PrometheusText& out, const std::array<Metric, Count>& metrics, const Routes& routes) {
    for (const Metric& metric : metrics) {
        out.family(metric.name, metric.help, metric.type);
        for_each_version(routes, [&](const ServedVersion& version) {
            out.sample(metric.name, labels_of(version), metric.value(version));
        });
    }
}

void write_histograms(PrometheusText& out, const Routes& routes) {
    constexpr const char* total = "baton_inference_duration_seconds";
    out.family(total, "From a request's arrival at its protocol to its answer", "histogram");
    for_each_version(routes, [&](const ServedVersion& v) {
        out.histogram(total, labels_of(v), v.counters.total_time, inference::time_limits, nanoseconds_per_second);
    });
    constexpr const char* engine = "baton_inference_engine_seconds";
    out.family(engine, "Time of the run of the engine that answered a request", "histogram");
    for_each_version(routes, [&](const ServedVersion& v) {
        out.histogram(engine, labels_of(v), v.counters.engine_time, inference::time_limits, nanoseconds_per_second);
    });
    constexpr const char* rows = "baton_inference_batch_rows";
    out.family(rows, "Rows of one run of the engine", "histogram");
    for_each_version(routes, [&](const ServedVersion& v) {
        out.histogram(rows, labels_of(v), v.counters.batch_rows, inference::row_limits, 1);
    });
}

const char* triton_reason(Code code) {
    if (code == Code::resource_exhausted) return "REJECTED";
    return code == Code::internal ? "BACKEND" : "OTHER";
}

void write_failures(PrometheusText& out, const Routes& routes) {
    constexpr const char* own = "baton_inference_failures_total";
    out.family(own, "Inference requests that failed, by error code", "counter");
    const auto for_each_code = [](const ServedVersion& version, const auto& visit) {
        for (std::size_t i = 0; i < Counters::codes; ++i) {
            const std::uint64_t count = version.counters.failures.at(i).load();
            if (count > 0) visit(static_cast<Code>(i), static_cast<double>(count));
        }
    };
    for_each_version(routes, [&](const ServedVersion& version) {
        for_each_code(version, [&](Code code, double count) {
            out.sample(own, labels_of(version) + ",code=\"" + std::string(code_name(code)) + "\"", count);
        });
    });
    constexpr const char* triton = "nv_inference_request_failure";
    out.family(triton, "Requests that failed", "counter");
    for_each_version(routes, [&](const ServedVersion& version) {
        std::array<std::pair<std::string_view, double>, 3> reasons = {{{"REJECTED", 0}, {"BACKEND", 0}, {"OTHER", 0}}};
        for_each_code(version, [&](Code code, double count) {
            std::ranges::find(reasons, std::string_view(triton_reason(code)), [](const auto& r) {
                return r.first;
            })->second += count;
        });
        for (const auto& [reason, count] : reasons) {
            out.sample(triton, labels_of(version) + ",reason=\"" + std::string(reason) + "\"", count);
        }
    });
}

void write_live_set(PrometheusText& out, const Routes& routes, const inference::LiveSet& live_set) {
    out.family("baton_live_revision", "Live-set revision that requests are answered from", "gauge");
    out.sample("baton_live_revision", "", static_cast<double>(routes.revision));
    const auto departing = live_set.departing();
    const auto warm = std::ranges::count(departing, true, &inference::DepartingVersion::warm);
    out.family("baton_departing_versions", "Loaded versions that are not live any more", "gauge");
    out.sample("baton_departing_versions", "state=\"warm\"", static_cast<double>(warm));
    out.sample("baton_departing_versions", "state=\"draining\"",
               static_cast<double>(static_cast<std::ptrdiff_t>(departing.size()) - warm));
    out.family("baton_slot_serving", "1 while the slot's live version is served", "gauge");
    for (const auto& status : live_set.statuses()) {
        if (status.role != inference::SlotRole::live) continue;
        const std::string labels = "model=\"" + status.model + "\",environment=\"" + status.environment + "\"";
        out.sample("baton_slot_serving", labels, status.state == inference::ServingState::ready ? 1 : 0);
    }
}

// Any text may name an output.
std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        if (c == '\\' || c == '"') safe += '\\';
        safe += c == '\n' ? ' ' : c;
    }
    return safe;
}

struct ShadowOf {
    std::string labels;
    inference::ShadowStatistics statistics;
};

std::vector<ShadowOf> shadows_of(const inference::LiveSet& live_set) {
    std::vector<ShadowOf> shadows;
    for (const auto& status : live_set.statuses()) {
        if (status.role != inference::SlotRole::shadow) continue;
        auto statistics = live_set.shadow_statistics(status.model, status.environment);
        if (!statistics) continue;
        shadows.push_back({"model=\"" + status.model + "\",environment=\"" + status.environment + "\",version=\"" +
                               std::to_string(status.version) + "\"",
                           *std::move(statistics)});
    }
    return shadows;
}

// Of candidates that are compared with the live version.
void write_shadows(PrometheusText& out, const inference::LiveSet& live_set) {
    using inference::ShadowStatistics;
    struct Number {
        const char* name;
        const char* help;
        const char* type;
        std::uint64_t ShadowStatistics::*value;
    };
    static constexpr std::array numbers = {
        Number{"baton_shadow_requests_total", "Requests that the shadow answered and that were compared", "counter",
               &ShadowStatistics::requests},
        Number{"baton_shadow_failures_total", "Requests that the shadow could not answer", "counter",
               &ShadowStatistics::failures},
        Number{"baton_shadow_dropped_total", "Requests that found the shadow's queue full", "counter",
               &ShadowStatistics::dropped},
        Number{"baton_shadow_queued", "Requests that wait for the shadow", "gauge", &ShadowStatistics::queued},
        Number{"baton_shadow_rows_total", "Rows compared", "counter", &ShadowStatistics::rows},
        Number{"baton_shadow_rows_differing_total", "Rows that the shadow answered otherwise", "counter",
               &ShadowStatistics::rows_differing},
    };
    const std::vector<ShadowOf> shadows = shadows_of(live_set);
    for (const Number& number : numbers) {
        out.family(number.name, number.help, number.type);
        for (const ShadowOf& shadow : shadows) {
            out.sample(number.name, shadow.labels, static_cast<double>(shadow.statistics.*number.value));
        }
    }
    const auto of_outputs = [&](const char* name, const char* help, const char* type, const auto& value) {
        out.family(name, help, type);
        for (const ShadowOf& shadow : shadows) {
            for (const inference::OutputDifference& output : shadow.statistics.outputs) {
                out.sample(name, shadow.labels + ",output=\"" + escaped(output.name) + "\"", value(output));
            }
        }
    };
    using Output = const inference::OutputDifference&;
    of_outputs("baton_shadow_elements_total", "Elements of an output that were compared", "counter",
               [](Output output) { return static_cast<double>(output.elements); });
    of_outputs("baton_shadow_elements_differing_total", "Those that the shadow answered otherwise", "counter",
               [](Output output) { return static_cast<double>(output.differing); });
    of_outputs("baton_shadow_absolute_difference_total", "Sum of the absolute differences", "counter",
               [](Output output) { return output.sum; });
    of_outputs("baton_shadow_largest_difference", "Largest absolute difference so far", "gauge",
               [](Output output) { return output.largest; });
}

}  // namespace

void RequestMetrics::record(int status, std::chrono::nanoseconds took) {
    by_class_.at(static_cast<std::size_t>(std::clamp(status / 100, 0, 5))).fetch_add(1, std::memory_order_relaxed);
    time_.add(inference::time_limits, took.count());
}

void RequestMetrics::write(PrometheusText& out) const {
    out.family("baton_http_requests_total", "HTTP requests answered, by class of status", "counter");
    for (std::size_t i = 1; i < by_class_.size(); ++i) {
        out.sample("baton_http_requests_total", "class=\"" + std::to_string(i) + "xx\"",
                   static_cast<double>(by_class_.at(i).load()));
    }
    constexpr const char* duration = "baton_http_request_duration_seconds";
    out.family(duration, "From the request's arrival to its answer", "histogram");
    out.histogram(duration, "", time_, inference::time_limits, nanoseconds_per_second);
}

std::string metrics_text(const RequestMetrics& requests, const inference::LiveTable& table,
                         const inference::LiveSet& live_set, const WorkerPool& pool, const WorkerPool& models) {
    PrometheusText out;
    const auto routes = table.routes();
    requests.write(out);
    out.family("baton_worker_queue_length", "Tasks waiting for a worker", "gauge");
    out.sample("baton_worker_queue_length", "pool=\"api\"", static_cast<double>(pool.queued()));
    out.sample("baton_worker_queue_length", "pool=\"models\"", static_cast<double>(models.queued()));
    write_live_set(out, *routes, live_set);
    write_shadows(out, live_set);
    write_metrics(out, own_metrics, *routes);
    write_histograms(out, *routes);
    write_failures(out, *routes);
    write_metrics(out, triton_metrics, *routes);
    return out.take();
}

}  // namespace baton::server
