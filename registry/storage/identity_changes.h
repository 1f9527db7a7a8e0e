// Telling those who keep users and tokens in memory that they changed.
#pragma once

#include "registry/storage/database.h"
#include "registry/store.h"

namespace baton::registry::storage {

// After the commit of the running transaction the store counts a change of users or tokens.
inline void announce_identity_change(Transaction& transaction) {
    transaction.connection().after_commit([&observer = transaction.observer()] { observer.identity_changed(); });
}

}  // namespace baton::registry::storage
