#include "server/app/live_feed.h"

#include <algorithm>

#include "registry/catalog.h"
#include "registry/traffic.h"
#include "registry/workflow.h"
#include "server/log/log.h"
#include "server/registration/feature_names.h"
#include "server/registration/golden_text.h"

namespace baton::server {
namespace {

std::optional<Digest> model_blob(const registry::Version& version) {
    if (version.engine == "none") return std::nullopt;
    for (const registry::File& file : version.files) {
        if (file.path == version.model_path) return file.digest;
    }
    return std::nullopt;
}

inference::WantedSlot wanted_slot(const registry::Version& version, const registry::Environment& environment,
                                  std::int64_t revision) {
    return {.model = version.model.text(),
            .environment = environment.text(),
            .version = static_cast<std::uint32_t>(version.number),
            .digest = version.digest,
            .model_file = model_blob(version),
            .revision = static_cast<std::uint64_t>(revision),
            .engine = inference::parse_engine(version.engine).value_or(inference::EngineChoice::automatic),
            .feature_names = feature_names(version.metadata).value_or(std::vector<std::string>())};
}

}  // namespace

Result<std::vector<inference::WantedSlot>> wanted_slots(const registry::Snapshot& snapshot, std::int64_t& revision) {
    const registry::Caller system = registry::system_caller();
    BATON_ASSIGN(const registry::LiveSnapshot live, live_snapshot(snapshot, &system, std::nullopt));
    revision = live.revision;
    std::vector<inference::WantedSlot> wanted;
    for (const registry::Slot& slot : live.slots) {
        BATON_ASSIGN(const registry::Version version, get_version(snapshot, system, slot.model, slot.version));
        wanted.push_back(wanted_slot(version, slot.environment, slot.revision));
        if (const auto previous = rollback_target(snapshot, slot)) {
            wanted.back().previous =
                std::make_shared<const inference::WantedSlot>(wanted_slot(*previous, slot.environment, slot.revision));
        }
    }
    for (const registry::TrafficRule& rule : traffic_rules(snapshot)) {
        BATON_ASSIGN(const registry::Version version, get_version(snapshot, system, rule.model, rule.version));
        inference::WantedSlot candidate = wanted_slot(version, rule.environment, rule.revision);
        candidate.role =
            rule.kind == registry::TrafficKind::canary ? inference::SlotRole::canary : inference::SlotRole::shadow;
        candidate.share = static_cast<std::uint32_t>(rule.share);
        candidate.header = rule.header;
        candidate.started = static_cast<std::uint64_t>(rule.started);
        wanted.push_back(std::move(candidate));
    }
    return wanted;
}

Result<std::optional<inference::Golden>> read_golden(const registry::Store& store, const inference::WantedSlot& slot) {
    BATON_ASSIGN(const std::string text, store.read<std::string>([&](const registry::Snapshot& snapshot) {
        return Result(golden_of(snapshot, registry::ModelName::trusted(slot.model), slot.version));
    }));
    if (text.empty()) return std::optional<inference::Golden>();
    BATON_ASSIGN(inference::Golden golden, parse_golden(text));
    return std::optional(std::move(golden));
}

Status LiveFeed::start() {
    store_.on_live_change([this](std::int64_t revision) {
        if (revision <= handed_) return;  // one commit may move the revision more than once, and tells of each
        const Status status = hand_over();
        if (!status.ok()) {
            behind_ = true;
            log_event(LogLevel::error, "live_set_unreadable",
                      {{"revision", revision}, {"message", status.error().message}});
        }
    });
    return hand_over();
}

void LiveFeed::catch_up() {
    if (behind_.exchange(false) && !hand_over().ok()) behind_ = true;
}

void LiveFeed::log_changes() {
    const std::map<std::string, std::string> before = std::exchange(logged_, {});  // without slots that are gone
    for (const inference::SlotStatus& slot : live_set_.statuses()) {
        const std::string state(inference::serving_state_name(slot.state));
        const std::string role(inference::slot_role_name(slot.role));
        const std::string key = slot.model + "@" + slot.environment + " " + role;
        const auto last = before.find(key);
        const std::string now = std::to_string(slot.version) + " " + state + " " + slot.message;
        const bool is_loading = slot.state == inference::ServingState::loading;
        if (!is_loading || last != before.end()) logged_[key] = is_loading ? last->second : now;
        if (is_loading || (last != before.end() && last->second == now)) continue;
        const bool is_bad = slot.state == inference::ServingState::failed;
        log_event(is_bad ? LogLevel::error : LogLevel::info, is_bad ? "slot_failed" : "slot_ready",
                  {{"model", slot.model},
                   {"environment", slot.environment},
                   {"role", role},
                   {"version", std::int64_t{slot.version}},
                   {"revision", static_cast<std::int64_t>(slot.revision)},
                   {"message", slot.message},
                   {"answering", slot.answering ? std::to_string(*slot.answering) : ""}});
    }
}

Status LiveFeed::hand_over() {
    std::int64_t revision = 0;
    auto slots = store_.read<std::vector<inference::WantedSlot>>(
        [&](const registry::Snapshot& snapshot) { return wanted_slots(snapshot, revision); });
    if (!slots.ok()) return std::move(slots).error();
    live_set_.want(static_cast<std::uint64_t>(revision), *std::move(slots));
    handed_ = revision;
    return {};
}

}  // namespace baton::server
