#include "registry/slot_history.h"

#include <set>

namespace baton::registry {
namespace {

// The rows before it are newer: the last of them took the place of this one.
bool ended_by_rollback(std::span<const Slot> history, std::size_t position) {
    return position > 0 && history[position - 1].rollback_of.has_value();
}

}  // namespace

std::vector<VersionNumber> rollback_targets(std::span<const Slot> history) {
    std::vector<VersionNumber> targets;
    std::set<VersionNumber> seen;
    for (std::size_t i = 0; i < history.size(); ++i) {
        if (!seen.insert(history[i].version).second) continue;  // the newest row of a version decides
        if (history[i].until && !ended_by_rollback(history, i)) targets.push_back(history[i].version);
    }
    return targets;
}

bool was_rolled_back_from(std::span<const Slot> history, VersionNumber version) {
    for (std::size_t i = 0; i < history.size(); ++i)
        if (history[i].version == version) return ended_by_rollback(history, i);
    return false;
}

}  // namespace baton::registry
