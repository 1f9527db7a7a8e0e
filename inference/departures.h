// Versions on their way out: no longer routable, but not free yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "inference/live_table.h"
#include "inference/shadow.h"

namespace baton::inference {

// A loaded version that is not live any more.
struct DepartingVersion {
    std::string model;
    std::uint32_t version = 0;
    bool warm = false;          // kept for a rollback; otherwise draining: it goes when its last request ends
    std::size_t in_flight = 0;  // requests that still use a draining one
};

// Keeps what left the routing table until the last request has let go of it, so that no request ever has to free a
// model or wait for a shadow. Thread-safe.
class Departures {
public:
    void add(std::vector<ServedVersionPtr> versions, std::vector<std::shared_ptr<Shadow>> shadows);
    // Frees what nobody else holds, and gives the memory back to the system. May take its time. True if something went.
    bool release();
    bool empty() const;
    std::vector<DepartingVersion> list() const;  // the draining ones

private:
    mutable std::mutex mutex_;
    std::vector<ServedVersionPtr> versions_;        // guarded by mutex_
    std::vector<std::shared_ptr<Shadow>> shadows_;  // guarded by mutex_: stopped, their threads maybe not at an end yet
};

}  // namespace baton::inference
