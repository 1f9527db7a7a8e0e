// What changed between two versions of a model: metadata, metrics, signature, files.
#include <nlohmann/json.hpp>

#include "registry/catalog.h"
#include "server/native/json_out.h"
#include "server/native/routes.h"

namespace baton::server::native {
namespace {

using nlohmann::json;
using registry::Version;

// {name: {from, to}} of what differs; an absent side is null.
json changed(const registry::Tags& from, const registry::Tags& to) {
    json result = json::object();
    for (const auto& [name, value] : from) {
        const auto other = to.find(name);
        if (other == to.end()) {
            result[name] = {{"from", value}, {"to", nullptr}};
        } else if (other->second != value) {
            result[name] = {{"from", value}, {"to", other->second}};
        }
    }
    for (const auto& [name, value] : to) {
        if (!from.contains(name)) result[name] = {{"from", nullptr}, {"to", value}};
    }
    return result;
}

registry::Tags file_digests(const Version& version) {
    registry::Tags digests;
    for (const registry::File& file : version.files) digests[file.path] = file.digest.text();
    return digests;
}

// All metrics of the newest report of each side, with their difference where both have them.
json metrics(const std::map<std::string, double>& from, const std::map<std::string, double>& to) {
    json result = json::object();
    for (const auto& [name, value] : from) result[name] = {{"from", value}, {"to", nullptr}, {"delta", nullptr}};
    for (const auto& [name, value] : to) {
        const auto before = from.find(name);
        result[name] = {{"from", before == from.end() ? json(nullptr) : json(before->second)},
                        {"to", value},
                        {"delta", before == from.end() ? json(nullptr) : json(value - before->second)}};
    }
    return result;
}

Result<std::map<std::string, double>> newest_metrics(const registry::Snapshot& snapshot, const registry::Caller& caller,
                                                     const Version& version) {
    registry::PageRequest newest;
    newest.size = 1;
    BATON_ASSIGN(const registry::Page<registry::Report> reports,
                 list_reports(snapshot, caller, version.model, version.number, newest));
    if (reports.items.empty()) return std::map<std::string, double>();
    return reports.items[0].metrics;
}

json side(const Version& version) {
    return {
        {"version", version.number}, {"digest", version.digest.text()}, {"stage", registry::stage_name(version.stage)}};
}

Result<Version> version_parameter(const Request& request, const registry::Snapshot& snapshot,
                                  const registry::Caller& caller, const registry::ModelName& model,
                                  std::string_view name) {
    const auto text = request.query_parameter(name);
    if (!text) return invalid_argument("The query must name two versions: ?from={ref}&to={ref}.");
    BATON_ASSIGN(const registry::VersionRef ref, registry::parse_version_ref(*text));
    return get_version(snapshot, caller, model, ref);
}

Response diff(const Api& api, const Request& request) {
    return api.read(request,
                    [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
                        BATON_ASSIGN(const registry::ModelName model, model_parameter(request));
                        BATON_ASSIGN(const Version from, version_parameter(request, snapshot, caller, model, "from"));
                        BATON_ASSIGN(const Version to, version_parameter(request, snapshot, caller, model, "to"));
                        BATON_ASSIGN(const auto from_metrics, newest_metrics(snapshot, caller, from));
                        BATON_ASSIGN(const auto to_metrics, newest_metrics(snapshot, caller, to));
                        const json before = json::parse(to_json(from.signature));
                        const json after = json::parse(to_json(to.signature));
                        const json body = {{"model", model.text()},
                                           {"from", side(from)},
                                           {"to", side(to)},
                                           {"metadata", changed(from.metadata, to.metadata)},
                                           {"tags", changed(from.tags, to.tags)},
                                           {"metrics", metrics(from_metrics, to_metrics)},
                                           {"signature", {{"same", before == after}, {"from", before}, {"to", after}}},
                                           {"files", changed(file_digests(from), file_digests(to))}};
                        return Response::json(200, body.dump());
                    });
}

}  // namespace

void add_diff_routes(Router& router, const Api& api) {
    pooled(router, api, Method::get, "/api/v1/models/{model}/diff", diff);
}

}  // namespace baton::server::native
