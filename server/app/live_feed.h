// Carries the live set from the registry to inference: the one place where both are known.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>

#include "inference/live_set.h"
#include "registry/store.h"

namespace baton::server {

// The live set as inference wants it, with the ONNX blob of each version and of the one that a rollback would go to;
// candidates of traffic rules come last.
Result<std::vector<inference::WantedSlot>> wanted_slots(const registry::Snapshot& snapshot, std::int64_t& revision);

// What the version of a slot answered when it was registered.
Result<std::optional<inference::Golden>> read_golden(const registry::Store& store, const inference::WantedSlot& slot);

// Both must outlive the feed, and the feed the store's last commit and the live set's last load. Thread-safe.
class LiveFeed {
public:
    LiveFeed(registry::Store& store, inference::LiveSet& live_set) : store_(store), live_set_(live_set) {}

    // Gives the live set of now to inference, and again after every change.
    Status start();
    // Reads the live set again if it could not be read before.
    void catch_up();
    // Logs what has become of the slots since it was called last. On one thread at a time.
    void log_changes();

private:
    Status hand_over();

    registry::Store& store_;
    inference::LiveSet& live_set_;
    std::atomic<bool> behind_ = false;           // a live set could not be read since catch_up() last did
    std::atomic<std::int64_t> handed_ = -1;      // the revision that inference knows
    std::map<std::string, std::string> logged_;  // by slot, its version and state
};

}  // namespace baton::server
