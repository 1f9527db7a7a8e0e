// Rows of slots: what is live, and what was.
#pragma once

#include <optional>
#include <vector>

#include "registry/objects.h"
#include "registry/storage/database.h"

namespace baton::registry::storage {

std::optional<Slot> live_slot(Connection& connection, const ModelName& model, const Environment& environment);
// By model and environment; of one environment when given.
std::vector<Slot> live_slots(Connection& connection, const std::optional<Environment>& environment);
// Of every environment, newest first; the one that is live has no end.
std::vector<Slot> slots_of(Connection& connection, const ModelName& model);

// The live one must be ended before another can be inserted.
void end_slot(Connection& connection, std::int64_t revision, Timestamp now);
void insert_slot(Connection& connection, const Slot& slot);

}  // namespace baton::registry::storage
