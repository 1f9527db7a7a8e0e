#include "server/app/live_feed.h"

#include <algorithm>

#include "registry/catalog.h"
#include "registry/workflow.h"
#include "server/log/log.h"

namespace baton::server {
namespace {

std::optional<Digest> model_blob(const registry::Version& version) {
    if (version.engine == "none") return std::nullopt;
    for (const registry::File& file : version.files) {
        if (file.path == version.model_path) return file.digest;
    }
    return std::nullopt;
}

}  // namespace

Result<std::vector<inference::WantedSlot>> wanted_slots(const registry::Snapshot& snapshot, std::int64_t& revision) {
    const registry::Caller system = registry::system_caller();
    BATON_ASSIGN(const registry::LiveSnapshot live, live_snapshot(snapshot, &system, std::nullopt));
    revision = live.revision;
    std::vector<inference::WantedSlot> wanted;
    for (const registry::Slot& slot : live.slots) {
        BATON_ASSIGN(const registry::Version version, get_version(snapshot, system, slot.model, slot.version));
        wanted.push_back({slot.model.text(), slot.environment.text(), static_cast<std::uint32_t>(slot.version),
                          slot.digest, model_blob(version), static_cast<std::uint64_t>(slot.revision),
                          inference::parse_engine(version.engine).value_or(inference::EngineChoice::automatic)});
    }
    return wanted;
}

Status LiveFeed::start() {
    store_.on_live_change([this](std::int64_t revision) {
        const Status status = hand_over();
        behind_ = !status.ok();
        if (behind_) {
            log_event(LogLevel::error, "live_set_unreadable",
                      {{"revision", revision}, {"message", status.error().message}});
        }
    });
    return hand_over();
}

void LiveFeed::catch_up() {
    const auto failed = [](const inference::SlotStatus& slot) { return slot.state == inference::ServingState::failed; };
    if (!behind_ && std::ranges::none_of(live_set_.statuses(), failed)) return;
    behind_ = !hand_over().ok();
}

void LiveFeed::log_changes() {
    for (const inference::SlotStatus& slot : live_set_.statuses()) {
        const std::string state(inference::serving_state_name(slot.state));
        std::string& logged = logged_[slot.model + "@" + slot.environment];
        std::string now = std::to_string(slot.version) + " " + state + " " + slot.message;
        const bool is_news = slot.state != inference::ServingState::loading && now != logged;
        if (!is_news) continue;
        logged = std::move(now);
        const bool is_bad = slot.state == inference::ServingState::failed;
        log_event(is_bad ? LogLevel::error : LogLevel::info, is_bad ? "slot_failed" : "slot_ready",
                  {{"model", slot.model},
                   {"environment", slot.environment},
                   {"version", std::int64_t{slot.version}},
                   {"revision", static_cast<std::int64_t>(slot.revision)},
                   {"message", slot.message}});
    }
}

Status LiveFeed::hand_over() {
    std::int64_t revision = 0;
    auto slots = store_.read<std::vector<inference::WantedSlot>>(
        [&](const registry::Snapshot& snapshot) { return wanted_slots(snapshot, revision); });
    if (!slots.ok()) return std::move(slots).error();
    live_set_.want(static_cast<std::uint64_t>(revision), *std::move(slots));
    return {};
}

}  // namespace baton::server
