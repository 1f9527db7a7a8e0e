// What must hold between rows and no constraint of the schema can say.
#pragma once

#include <string>
#include <vector>

#include "registry/storage/database.h"

namespace baton::registry::storage {

// One live row a slot, slots that name the digest of their version, stages that fit slots and history, a counter that
// is not behind the slots. Empty when all is well.
std::vector<std::string> find_inconsistencies(Connection& connection);

}  // namespace baton::registry::storage
