// The routing table that requests are served from.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/published.h"
#include "inference/counters.h"
#include "inference/model.h"

namespace baton::inference {

// One loaded version of one model. Immutable but for its counters; a request holds a reference while it runs, so the
// version is freed when the last one ends.
struct ServedVersion {
    std::string model;
    std::uint32_t version = 0;
    Digest digest;
    std::string digest_text;  // the digest as answers carry it, made once
    std::shared_ptr<const Model> engine;
    std::chrono::system_clock::time_point loaded_at{};
    std::chrono::nanoseconds load_time{0};  // reading, compiling and warming up
    // Measured at warm-up: what a request of one row costs. Decides whether a request may run on the event loop;
    // unmeasured_cost for a model that does not take made-up rows, or whose runs may take far longer.
    std::chrono::nanoseconds cost_per_row{0};
    static constexpr std::chrono::nanoseconds unmeasured_cost = std::chrono::nanoseconds::max();

    mutable Counters counters;
};

using ServedVersionPtr = std::shared_ptr<const ServedVersion>;

// What is routable in one instant.
struct Routes {
    struct Entry {
        std::string model;
        ServedVersionPtr live;  // in the environment this server answers for; may be null
        std::vector<ServedVersionPtr>
            versions;  // every loaded one, ascending: live anywhere, or kept warm for rollback
    };
    std::vector<Entry> entries;  // ascending by model
    std::uint64_t revision = 0;  // the live-set revision that this table shows

    const Entry* find(std::string_view model) const;
};

// Readers take a snapshot without waiting for anyone; the one writer replaces the whole table at once.
class LiveTable {
public:
    std::shared_ptr<const Routes> routes() const { return routes_.load(); }
    ServedVersionPtr live(std::string_view model) const;  // null: unknown or not live
    ServedVersionPtr version(std::string_view model, std::uint32_t version) const;
    void publish(std::shared_ptr<const Routes> routes) { routes_.store(std::move(routes)); }

private:
    Published<const Routes> routes_{std::make_shared<const Routes>()};
};

}  // namespace baton::inference
