#include "server/native/traffic_json.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace baton::server::native {
namespace {

using nlohmann::json;

inference::SlotRole role_of(registry::TrafficKind kind) {
    return kind == registry::TrafficKind::canary ? inference::SlotRole::canary : inference::SlotRole::shadow;
}

json rule_json(const registry::TrafficRule& rule, const SlotStatuses& statuses) {
    const auto status = std::find_if(statuses.begin(), statuses.end(), [&](const inference::SlotStatus& candidate) {
        return candidate.model == rule.model.text() && candidate.environment == rule.environment.text() &&
               candidate.role == role_of(rule.kind);
    });
    const bool current = status != statuses.end() && status->revision == static_cast<std::uint64_t>(rule.revision);
    const char* share = rule.kind == registry::TrafficKind::canary ? "percent" : "sample";
    json item = {{"version", rule.version},
                 {"digest", rule.digest.text()},
                 {share, static_cast<double>(rule.share) / 100},
                 {"since", format_timestamp(rule.since)},
                 {"by", rule.by.text()},
                 {"request_id", rule.request},
                 {"serving", current ? inference::serving_state_name(status->state) : "loading"},
                 {"message", current ? status->message : ""}};
    if (rule.kind == registry::TrafficKind::canary) {
        item["header"] = rule.header.empty() ? json(nullptr) : json(rule.header);
    }
    return item;
}

json statistics_json(const inference::ShadowStatistics& statistics) {
    json outputs = json::array();
    for (const inference::OutputDifference& output : statistics.outputs) {
        const double mean = output.elements == 0 ? 0 : output.sum / static_cast<double>(output.elements);
        outputs.push_back({{"name", output.name},
                           {"elements", output.elements},
                           {"elements_differing", output.differing},
                           {"largest_difference", output.largest},
                           {"mean_difference", mean}});
    }
    return {{"requests", statistics.requests},
            {"failures", statistics.failures},
            {"dropped", statistics.dropped},
            {"queued", statistics.queued},
            {"rows", statistics.rows},
            {"rows_differing", statistics.rows_differing},
            {"outputs", outputs},
            {"last_failure", statistics.last_failure}};
}

}  // namespace

std::string to_json(const registry::Traffic& traffic, const SlotStatuses& statuses,
                    const std::optional<inference::ShadowStatistics>& statistics) {
    json document = {{"model", traffic.model.text()},
                     {"environment", traffic.environment.text()},
                     {"revision", traffic.revision()},
                     {"live", nullptr},
                     {"canary", nullptr},
                     {"shadow", nullptr}};
    if (traffic.live) document["live"] = json::parse(to_json(*traffic.live, statuses));
    if (traffic.canary) document["canary"] = rule_json(*traffic.canary, statuses);
    if (traffic.shadow) {
        document["shadow"] = rule_json(*traffic.shadow, statuses);
        document["shadow"]["statistics"] = statistics ? statistics_json(*statistics) : json(nullptr);
    }
    return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace baton::server::native
