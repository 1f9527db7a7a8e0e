// What the past of a slot says about going back. Pure functions over the rows of one (model, environment), newest
// first.
#pragma once

#include <span>
#include <vector>

#include "registry/objects.h"

namespace baton::registry {

// The versions that a rollback may make live again, the one that was live last first: every version that was live here
// and is not now, but for those that were rolled back from and have not been promoted since. These need a new request.
std::vector<VersionNumber> rollback_targets(std::span<const Slot> history);

// The last time this version was live here ended by a rollback.
bool was_rolled_back_from(std::span<const Slot> history, VersionNumber version);

}  // namespace baton::registry
