// Carries the live set from the registry to inference: the one place where both are known.
#pragma once

#include "inference/live_set.h"
#include "registry/store.h"

namespace baton::server {

// The live set as inference wants it, with the ONNX blob of each version.
Result<std::vector<inference::WantedSlot>> wanted_slots(const registry::Snapshot& snapshot, std::int64_t& revision);

// Gives the live set of now to `live_set`, and again after every change. Both must outlive the store's last commit.
Status connect_live_set(registry::Store& store, inference::LiveSet& live_set);

}  // namespace baton::server
