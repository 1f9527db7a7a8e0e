#include "registry/traffic.h"

#include <algorithm>
#include <array>

#include "registry/audit.h"
#include "registry/catalog_support.h"
#include "registry/review.h"
#include "registry/signature_change.h"
#include "registry/storage/live_set_table.h"
#include "registry/storage/request_table.h"
#include "registry/storage/slot_table.h"
#include "registry/storage/traffic_table.h"
#include "registry/text_rules.h"
#include "registry/version_stage.h"
#include "registry/workflow.h"

namespace baton::registry {
namespace {

// 1250 → "12.5"
std::string percent_text(std::int64_t share) {
    std::string text = std::to_string(share / 100);
    const std::int64_t rest = share % 100;
    if (rest == 0) return text;
    text += rest < 10 ? ".0" : ".";
    return text + std::to_string(rest % 10 == 0 ? rest / 10 : rest);
}

std::optional<TrafficRule>& rule_of(Traffic& traffic, TrafficKind kind) {
    return kind == TrafficKind::canary ? traffic.canary : traffic.shadow;
}

Traffic load_traffic(const Snapshot& snapshot, const ModelName& model, const Environment& environment) {
    Traffic traffic{.model = model,
                    .environment = environment,
                    .live = storage::live_slot(snapshot.connection(), model, environment),
                    .canary = {},
                    .shadow = {},
                    .live_revision = storage::live_set_revision(snapshot.connection())};
    for (TrafficRule& rule : storage::traffic_of(snapshot.connection(), model, environment)) {
        rule_of(traffic, rule.kind) = std::move(rule);
    }
    return traffic;
}

Status require_deployer(const Transaction& transaction, const ModelName& model, const Environment& environment) {
    BATON_TRY(require_role(transaction.caller(), Role::deployer, model));
    BATON_TRY(require_environment(transaction.caller(), environment));
    BATON_TRY(load_model(transaction, model));
    return {};
}

Status require_tag(const Traffic& traffic, const std::optional<std::string>& expected) {
    const std::string what = "traffic of " + traffic.model.text() + " in " + traffic.environment.text();
    return require_revision(what, traffic.tag(), expected);
}

Status check_rule(const WantedRule& wanted) {
    constexpr std::string_view token_marks = "!#$%&'*+-.^_`|~";
    const std::string header = wanted.header.value_or("");
    TextCheck check;
    if (wanted.share < 0 || wanted.share > whole_share) check.fail("percent", "must be 0 to 100");
    const bool is_token = std::all_of(header.begin(), header.end(), [&](unsigned char c) {
        const bool is_word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        return is_word || token_marks.find(static_cast<char>(c)) != std::string_view::npos;
    });
    if (!is_token || header.size() > 64) check.fail("header", "must be the name of a header field");
    return check.status();
}

Requirement something_live(const Traffic& traffic) {
    const std::string place = traffic.model.text() + " in " + traffic.environment.text();
    return {"live_there", traffic.live.has_value(),
            traffic.live ? version_text(traffic.model, traffic.live->version) + " is live there"
                         : "nothing of " + place + " is live: a candidate stands beside a live version"};
}

// Callers did not choose to meet the candidate: it must take what the live version takes.
Result<Requirement> same_inputs(const Transaction& transaction, const Traffic& traffic, const Version& candidate) {
    if (!traffic.live) return Requirement{"input_signature", true, "nothing is live there"};
    BATON_ASSIGN(const Version live, load_version(transaction, traffic.model, traffic.live->version));
    const std::string warning = signature_warning(live, candidate);
    return Requirement{"input_signature", warning.empty(), warning.empty() ? "it takes the same requests" : warning};
}

// The approved request of the candidate, or all that it lacks.
Result<RequestId> request_for(Transaction& transaction, const Traffic& traffic, const Version& version,
                              const WantedRule& wanted) {
    std::vector<Requirement> requirements = {something_live(traffic)};
    const bool is_live = traffic.live && traffic.live->version == version.number;
    requirements.push_back({"not_live_there", !is_live, is_live ? "it is what is live there" : "it is not live there"});
    const bool is_servable = version.engine != "none";
    requirements.push_back({"model", is_servable, is_servable ? "an engine runs it" : "it has no model to run"});
    if (is_servable && !wanted.allow_signature_change) {
        BATON_ASSIGN(Requirement inputs, same_inputs(transaction, traffic, version));
        requirements.push_back(std::move(inputs));
    }
    std::optional<RequestId> id;
    auto stored =
        storage::open_request_for(transaction.connection(), traffic.model, version.number, traffic.environment);
    if (stored) {
        const PromotionRequest request = review(transaction, *std::move(stored));
        id = request.id;
        const auto& of_policy = request.evaluation.requirements;
        requirements.insert(requirements.end(), of_policy.begin(), of_policy.end());
    } else if (!is_live) {
        requirements.push_back(
            {"promotion_request", false, "no request for " + traffic.environment.text() + " is open"});
    }
    if (id && all_satisfied(requirements)) return *id;
    const bool changes = std::ranges::any_of(
        requirements, [](const Requirement& r) { return r.requirement == "input_signature" && !r.satisfied; });
    const char* hint = changes ? "where all callers are ready for that, allow_signature_change lets it pass"
                               : "candidates need the same approved request as a promotion";
    return refusal(version_text(traffic.model, version.number) + " may not be a " +
                       std::string(traffic_kind_name(wanted.kind)) + " in " + traffic.environment.text(),
                   requirements, hint);
}

// `revision` is that of the live set by which the rule changed.
struct RuleChange {
    std::string name;
    std::int64_t revision = 0;
    std::string reason = {};
};

void record(Transaction& transaction, const TrafficRule& rule, const RuleChange& change) {
    const std::string share = rule.kind == TrafficKind::canary ? "percent" : "sample";
    std::map<std::string, std::string> details = {{"environment", rule.environment.text()},
                                                  {"revision", std::to_string(change.revision)},
                                                  {share, percent_text(rule.share)},
                                                  {"request", std::to_string(rule.request)}};
    if (!rule.header.empty()) details["header"] = rule.header;
    if (!change.reason.empty()) details["reason"] = change.reason;
    append_audit(transaction, {.action = std::string(traffic_kind_name(rule.kind)) + "." + change.name,
                               .object = version_object(rule.model, rule.version),
                               .digest = rule.digest,
                               .details = std::move(details)});
}

void end_rule(Transaction& transaction, const TrafficRule& rule, std::int64_t revision, const std::string& reason) {
    storage::Connection& connection = transaction.connection();
    storage::remove_traffic(connection, rule);
    record(transaction, rule, {"ended", revision, reason});
    const auto version = storage::subject_of(connection, rule.model, rule.version);
    storage::append_history(transaction, rule.model, rule.version, version.digest,
                            {.change = std::string(traffic_kind_name(rule.kind)) + "_ended",
                             .stage = version.stage,
                             .environment = rule.environment,
                             .reason = reason,
                             .request = rule.request});
}

Status put_rule(Transaction& transaction, const Traffic& before, const WantedRule& wanted, std::int64_t revision) {
    BATON_TRY(check_rule(wanted));
    BATON_ASSIGN(const Version version, load_version(transaction, before.model, wanted.version));
    BATON_ASSIGN(const RequestId request, request_for(transaction, before, version, wanted));
    const auto& replaced = wanted.kind == TrafficKind::canary ? before.canary : before.shadow;
    const bool goes_on = replaced && replaced->version == version.number;
    const TrafficRule rule{.model = before.model,
                           .environment = before.environment,
                           .kind = wanted.kind,
                           .version = version.number,
                           .digest = version.digest,
                           .share = wanted.share,
                           .header = wanted.header.value_or(goes_on ? replaced->header : ""),
                           .started = goes_on ? replaced->started : revision,
                           .revision = revision,
                           .since = transaction.now(),
                           .by = transaction.caller().user,
                           .request = request};
    if (replaced && !goes_on) end_rule(transaction, *replaced, revision, "another candidate took its place");
    storage::put_traffic(transaction.connection(), rule);
    record(transaction, rule, {goes_on ? "changed" : "started", revision});
    return settle(transaction, rule.model, rule.version,
                  storage::HistoryChange{.change = std::string(traffic_kind_name(rule.kind)),
                                         .environment = rule.environment,
                                         .reason = percent_text(rule.share) + " %",
                                         .request = request});
}

Error no_rule(const Traffic& traffic, const std::string& kind) {
    const std::string what =
        "there is no " + kind + " of " + traffic.model.text() + " in " + traffic.environment.text();
    return refusal(what, {{kind, false, what}},
                   "`baton traffic " + traffic.model.text() + "` shows the rules that hold");
}

// What did not load as a canary would not load as the live version.
Status require_loaded(const TrafficRule& canary, const std::optional<std::string>& load_failure) {
    if (!load_failure) return {};
    return refusal("the canary " + version_text(canary.model, canary.version) + " failed to load",
                   {{"canary_loaded", false, *load_failure}},
                   "break it off, or repair what is wrong: loading is tried again every now and then");
}

}  // namespace

std::string_view traffic_kind_name(TrafficKind kind) { return kind == TrafficKind::canary ? "canary" : "shadow"; }

std::optional<TrafficKind> parse_traffic_kind(std::string_view name) {
    for (const TrafficKind kind : {TrafficKind::canary, TrafficKind::shadow}) {
        if (traffic_kind_name(kind) == name) return kind;
    }
    return std::nullopt;
}

std::int64_t Traffic::revision() const {
    std::int64_t newest = live ? live->revision : 0;
    if (canary) newest = std::max(newest, canary->revision);
    if (shadow) newest = std::max(newest, shadow->revision);
    return newest;
}

std::string Traffic::tag() const {
    const auto part = [](const auto& of) { return std::to_string(of ? of->revision : 0); };
    return part(live) + "." + part(canary) + "." + part(shadow);
}

Result<Traffic> get_traffic(const Snapshot& snapshot, const Caller& caller, const ModelName& model,
                            const Environment& environment) {
    BATON_TRY(require_read(caller, model));
    BATON_TRY(load_model(snapshot, model));
    return load_traffic(snapshot, model, environment);
}

std::vector<TrafficRule> traffic_rules(const Snapshot& snapshot) { return storage::all_traffic(snapshot.connection()); }

Result<Traffic> set_traffic(Transaction& transaction, const ModelName& model, const Environment& environment,
                            const std::vector<WantedRule>& wanted, const std::optional<std::string>& expected_tag) {
    BATON_TRY(require_deployer(transaction, model, environment));
    if (wanted.empty()) return invalid_argument("no rule is given", "give a canary, a shadow or both");
    const Traffic before = load_traffic(transaction, model, environment);
    BATON_TRY(require_tag(before, expected_tag));
    const std::int64_t revision = storage::bump_live_revision(transaction);
    for (const WantedRule& rule : wanted) BATON_TRY(put_rule(transaction, before, rule, revision));
    return load_traffic(transaction, model, environment);
}

Result<Traffic> clear_traffic(Transaction& transaction, const ModelName& model, const Environment& environment,
                              std::optional<TrafficKind> kind, const EndOfTraffic& end) {
    BATON_TRY(require_deployer(transaction, model, environment));
    BATON_TRY(check_text("reason", end.reason, Presence::optional));
    Traffic before = load_traffic(transaction, model, environment);
    BATON_TRY(require_tag(before, end.expected_tag));
    if (kind ? !rule_of(before, *kind) : !before.canary && !before.shadow) {
        return no_rule(before, kind ? std::string(traffic_kind_name(*kind)) : "rule");
    }
    const std::int64_t revision = storage::bump_live_revision(transaction);
    for (const TrafficKind each : {TrafficKind::canary, TrafficKind::shadow}) {
        const auto& rule = rule_of(before, each);
        if (rule && (!kind || *kind == each)) end_rule(transaction, *rule, revision, end.reason);
    }
    return load_traffic(transaction, model, environment);
}

Result<Traffic> abort_canary(Transaction& transaction, const ModelName& model, const Environment& environment,
                             const EndOfTraffic& end) {
    BATON_TRY(require_deployer(transaction, model, environment));
    BATON_TRY(check_text("reason", end.reason, Presence::required));
    return clear_traffic(transaction, model, environment, TrafficKind::canary, end);
}

Result<Traffic> promote_canary(Transaction& transaction, const ModelName& model, const Environment& environment,
                               const EndOfTraffic& end, const LoadFailure& load_failure) {
    BATON_TRY(require_deployer(transaction, model, environment));
    BATON_TRY(check_text("reason", end.reason, Presence::optional));
    const Traffic before = load_traffic(transaction, model, environment);
    BATON_TRY(require_tag(before, end.expected_tag));
    if (!before.canary) return no_rule(before, "canary");
    BATON_TRY(require_loaded(*before.canary, load_failure ? load_failure(*before.canary) : std::nullopt));
    BATON_ASSIGN(const PromotionRequest request,
                 find_reviewed(transaction, transaction.caller(), before.canary->request));
    BATON_TRY(promote(transaction, request.id, std::nullopt, end.reason));
    Traffic after = load_traffic(transaction, model, environment);
    after.warnings = request.warnings;
    return after;
}

void end_candidacy(Transaction& transaction, const ModelName& model, const Environment& environment,
                   VersionNumber version, const std::string& reason) {
    std::vector<TrafficRule> rules = storage::traffic_of(transaction.connection(), model, environment);
    std::erase_if(rules, [&](const TrafficRule& rule) { return rule.version != version; });
    if (rules.empty()) return;
    const std::int64_t revision = storage::bump_live_revision(transaction);
    for (const TrafficRule& rule : rules) end_rule(transaction, rule, revision, reason);
}

void end_traffic_before(Transaction& transaction, const Slot& next) {
    for (const TrafficRule& rule : storage::traffic_of(transaction.connection(), next.model, next.environment)) {
        end_rule(transaction, rule, next.revision,
                 rule.version == next.version ? "it became live" : "another version became live");
    }
}

}  // namespace baton::registry
