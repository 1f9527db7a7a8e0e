// What is live, and what was.
#include <algorithm>

#include "registry/catalog_support.h"
#include "registry/storage/live_set_table.h"
#include "registry/storage/slot_table.h"
#include "registry/workflow.h"

namespace baton::registry {

Result<SlotHistory> model_slots(const Snapshot& snapshot, const Caller& caller, const ModelName& model) {
    BATON_TRY(require_read(caller, model));
    BATON_TRY(load_model(snapshot, model));
    SlotHistory history;
    for (Slot& slot : storage::slots_of(snapshot.connection(), model))
        (slot.until ? history.past : history.current).push_back(std::move(slot));
    std::sort(history.current.begin(), history.current.end(),
              [](const Slot& a, const Slot& b) { return a.environment < b.environment; });
    return history;
}

Result<LiveSnapshot> live_snapshot(const Snapshot& snapshot, const Caller* caller,
                                   const std::optional<Environment>& environment) {
    if (caller != nullptr) BATON_TRY(require_any_role(*caller));
    LiveSnapshot live = {.revision = storage::live_set_revision(snapshot.connection()),
                         .slots = storage::live_slots(snapshot.connection(), environment)};
    if (caller != nullptr) std::erase_if(live.slots, [&](const Slot& slot) { return !caller->sees(slot.model); });
    return live;
}

Result<std::int64_t> live_revision(const Snapshot& snapshot) {
    return storage::live_set_revision(snapshot.connection());
}

}  // namespace baton::registry
