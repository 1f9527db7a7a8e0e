// The history of versions: append-only, kept when a model is deleted.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/objects.h"
#include "registry/store.h"

namespace baton::registry::storage {

// What happened to a version; who and when are the transaction's.
struct HistoryChange {
    std::string change;  // see HistoryEntry
    Stage stage = Stage::staged;
    std::optional<Environment> environment = {};
    std::string reason = {};
    std::optional<RequestId> request = {};
};
void append_history(Transaction& transaction, const ModelName& model, VersionNumber number, const Digest& digest,
                    const HistoryChange& change);

// Oldest first. The digest tells a version from one of the same number under a model that was deleted.
std::vector<HistoryEntry> history_of(Connection& connection, const ModelName& model, VersionNumber number,
                                     const Digest& digest);

}  // namespace baton::registry::storage
