// The live-set revision: one counter row, moved in the transaction that changes what is live, so it is gapless and
// ordered.
#pragma once

#include <cstdint>

#include "registry/store.h"

namespace baton::registry::storage {

std::int64_t live_set_revision(Connection& connection);

// Moves the counter and returns its new value. After the commit the store's listener is told.
std::int64_t bump_live_revision(Transaction& transaction);

}  // namespace baton::registry::storage
