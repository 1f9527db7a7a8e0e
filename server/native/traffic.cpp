// Traffic rules of a model in one environment: canary and shadow.
#include "registry/traffic.h"

#include <cmath>

#include "registry/workflow.h"
#include "server/native/json_body.h"
#include "server/native/traffic_json.h"
#include "server/native/waiting.h"

namespace baton::server::native {
namespace {

using registry::Answer;
using registry::Traffic;
using registry::TrafficKind;
using registry::TrafficRule;
using registry::Transaction;
using registry::WantedRule;

std::string text_of(const Api& api, const Traffic& traffic) {
    const auto& live_set = api.live_set();
    return to_json(traffic, live_set.statuses(),
                   live_set.shadow_statistics(traffic.model.text(), traffic.environment.text()));
}

Result<Response> traffic_response(const Api& api, const registry::Snapshot& snapshot, const registry::Caller& caller,
                                  const Request& request) {
    BATON_ASSIGN(const registry::ModelName model, model_parameter(request));
    BATON_ASSIGN(const registry::Environment environment, environment_parameter(request));
    BATON_ASSIGN(const Traffic traffic, get_traffic(snapshot, caller, model, environment));
    Response response = Response::json(200, text_of(api, traffic));
    response.headers.set("ETag", etag(traffic.tag()));
    return response;
}

Response get(const Api& api, const Request& request) {
    return api.read(request, [&](const registry::Snapshot& snapshot, const registry::Caller& caller) {
        return traffic_response(api, snapshot, caller, request);
    });
}

// The rules as they are now, if they can still be read.
Response as_served(const Api& api, const Request& request, Response changed) {
    Response now = get(api, request);
    if (now.status != 200) return changed;
    changed.body = with_warnings_of(std::get<std::string>(changed.body), std::get<std::string>(now.body));
    return changed;
}

Result<Answer> answer(const Api& api, const Result<Traffic>& traffic) {
    if (!traffic.ok()) return traffic.error();
    Answer answer = json_answer(200, with_warnings(text_of(api, *traffic), traffic->warnings));
    answer.headers.emplace_back("ETag", etag(traffic->tag()));
    answer.headers.emplace_back(live_revision_header, std::to_string(traffic->live_revision));
    return answer;
}

struct Place {
    registry::ModelName model;
    registry::Environment environment;
};

Result<Place> read_place(const Request& request) {
    BATON_ASSIGN(registry::ModelName model, model_parameter(request));
    BATON_ASSIGN(registry::Environment environment, environment_parameter(request));
    return Place{std::move(model), std::move(environment)};
}

// Percent to hundredths of it.
std::int64_t read_share(JsonBody& rule, const std::string& field, std::optional<double> otherwise) {
    const std::optional<double> percent = rule.number(field);
    const double hundredths = percent.value_or(otherwise.value_or(-1)) * 100;
    const double whole = std::round(hundredths);
    if (whole < 0 || whole > registry::whole_share || std::abs(hundredths - whole) > 1e-6) {
        rule.wrong(field, "must be 0 to 100 with at most two decimals");
        return 0;
    }
    return static_cast<std::int64_t>(whole);
}

registry::VersionNumber read_version(JsonBody& rule) {
    const std::optional<std::int64_t> version = rule.integer("version");
    if (!version || *version < 1) rule.wrong("version", "must be the number of a version");
    return version.value_or(0);
}

struct Change {
    Place place;
    std::vector<WantedRule> rules;
    std::optional<std::string> expected_tag;
};

Result<Change> read_change(const Request& request) {
    BATON_ASSIGN(Place place, read_place(request));
    BATON_ASSIGN(std::optional<std::string> expected, if_match(request));
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    std::vector<WantedRule> rules;
    if (auto canary = body.object("canary")) {
        rules.push_back({.kind = TrafficKind::canary,
                         .version = read_version(*canary),
                         .share = read_share(*canary, "percent", std::nullopt),
                         .header = canary->text("header"),
                         .allow_signature_change = canary->boolean("allow_signature_change").value_or(false)});
    }
    if (auto shadow = body.object("shadow")) {
        rules.push_back({.kind = TrafficKind::shadow,
                         .version = read_version(*shadow),
                         .share = read_share(*shadow, "sample", 100),
                         .allow_signature_change = shadow->boolean("allow_signature_change").value_or(false)});
    }
    BATON_TRY(body.finish());
    return Change{std::move(place), std::move(rules), std::move(expected)};
}

Response put(const Api& api, const Request& request) {
    return api.change(request, read_change, [&](Transaction& transaction, const Change& wanted) {
        return answer(api, set_traffic(transaction, wanted.place.model, wanted.place.environment, wanted.rules,
                                       wanted.expected_tag));
    });
}

struct Removal {
    Place place;
    std::optional<TrafficKind> kind;
    std::optional<std::string> expected_tag;
};

Result<Removal> read_removal(const Request& request) {
    BATON_ASSIGN(Place place, read_place(request));
    std::optional<TrafficKind> kind;
    if (const auto name = request.query_parameter("kind")) {
        kind = registry::parse_traffic_kind(*name);
        if (!kind) return invalid_argument("kind must be canary or shadow");
    }
    BATON_ASSIGN(std::optional<std::string> expected, if_match(request));
    return Removal{std::move(place), kind, std::move(expected)};
}

Response remove(const Api& api, const Request& request) {
    return api.change(request, read_removal, [&](Transaction& transaction, const Removal& wanted) {
        return answer(api, clear_traffic(transaction, wanted.place.model, wanted.place.environment, wanted.kind,
                                         {.reason = "", .expected_tag = wanted.expected_tag}));
    });
}

struct Outcome {
    Place place;
    bool promote = false;
    registry::EndOfTraffic end;
};

Result<Outcome> read_outcome(const Request& request) {
    BATON_ASSIGN(Place place, read_place(request));
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    const std::string outcome = body.required_text("outcome");
    if (outcome != "promote" && outcome != "abort") body.wrong("outcome", "must be promote or abort");
    std::string reason = body.text("reason").value_or("");
    BATON_TRY(body.finish());
    BATON_ASSIGN(std::optional<std::string> expected, if_match(request));
    return Outcome{std::move(place), outcome == "promote", {std::move(reason), std::move(expected)}};
}

std::optional<std::string> load_failure(const Api& api, const TrafficRule& canary) {
    for (const inference::SlotStatus& status : api.live_set().statuses()) {
        const bool is_it = status.role == inference::SlotRole::canary && status.model == canary.model.text() &&
                           status.environment == canary.environment.text() &&
                           status.revision == static_cast<std::uint64_t>(canary.revision);
        if (is_it && status.state == inference::ServingState::failed) return status.message;
    }
    return std::nullopt;
}

Response end_canary(const Api& api, const Request& request) {
    return api.change(request, read_outcome, [&](Transaction& transaction, const Outcome& wanted) {
        const auto& [model, environment] = wanted.place;
        const auto failure = [&](const TrafficRule& canary) { return load_failure(api, canary); };
        return answer(api, wanted.promote ? promote_canary(transaction, model, environment, wanted.end, failure)
                                          : abort_canary(transaction, model, environment, wanted.end));
    });
}

}  // namespace

void add_traffic_routes(Router& router, const Api& api) {
    const std::string traffic = "/api/v1/models/{model}/traffic";
    pooled(router, api, Method::get, traffic, get);
    waiting(router, api, Method::put, traffic, put, as_served);
    waiting(router, api, Method::del, traffic, remove, as_served);
    waiting(router, api, Method::post, traffic + "/end", end_canary, as_served);
}

}  // namespace baton::server::native
