// Keeps the stored stage of a version equal to what the facts give it (see stage.h).
#pragma once

#include <optional>

#include "registry/objects.h"
#include "registry/storage/history_table.h"
#include "registry/store.h"

namespace baton::registry {

// Called at the end of every change that a version's stage depends on. Weighs its open requests, moves the stage by the
// table of transitions if it has to, and writes `change` (its stage is filled in) to the version's history. Without a
// `change`, a row is written only when the stage moved.
Status settle(Transaction&, const ModelName&, VersionNumber, std::optional<storage::HistoryChange> change = {});

}  // namespace baton::registry
