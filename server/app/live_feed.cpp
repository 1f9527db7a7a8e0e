#include "server/app/live_feed.h"

#include <algorithm>

#include "registry/catalog.h"
#include "registry/workflow.h"

#include <spdlog/spdlog.h>

namespace baton::server {
namespace {

std::optional<Digest> model_blob(const registry::Version& version) {
    if (version.engine == "none") return std::nullopt;
    for (const registry::File& file : version.files) {
        if (file.path == version.model_path) return file.digest;
    }
    return std::nullopt;
}

Status hand_over(registry::Store& store, inference::LiveSet& live_set) {
    std::int64_t revision = 0;
    auto slots = store.read<std::vector<inference::WantedSlot>>(
        [&](const registry::Snapshot& snapshot) { return wanted_slots(snapshot, revision); });
    if (!slots.ok()) return std::move(slots).error();
    live_set.want(static_cast<std::uint64_t>(revision), *std::move(slots));
    return {};
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
                          slot.digest, model_blob(version), static_cast<std::uint64_t>(slot.revision)});
    }
    return wanted;
}

Status connect_live_set(registry::Store& store, inference::LiveSet& live_set) {
    store.on_live_change([&store, &live_set](std::int64_t revision) {
        if (Status status = hand_over(store, live_set); !status.ok()) {
            spdlog::error("live set of revision {} cannot be read: {}", revision, status.error().message);
        }
    });
    return hand_over(store, live_set);
}

}  // namespace baton::server
