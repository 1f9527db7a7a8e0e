// The routing table that requests are served from.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/published.h"
#include "inference/counters.h"
#include "inference/model.h"

namespace baton::inference {

class Batcher;  // batcher.h

// One loaded version of one model. Immutable but for its counters and what waits in its batcher; a request holds a
// reference while it runs, so the version is freed when the last one ends.
struct ServedVersion {
    std::string model;
    std::uint32_t version = 0;
    Digest digest;
    std::string digest_text;  // the digest as answers carry it, made once
    std::shared_ptr<const Model> engine;
    std::vector<std::string> feature_names;  // the columns, in the order in which the model takes them; empty: unknown
    std::chrono::system_clock::time_point loaded_at{};
    std::chrono::nanoseconds load_time{0};  // reading, compiling and warming up
    // Measured at warm-up: what a request of one row costs. Decides whether a request may run on the event loop;
    // unmeasured_cost for a model that does not take made-up rows, or whose runs may take far longer.
    std::chrono::nanoseconds cost_per_row{0};
    static constexpr std::chrono::nanoseconds unmeasured_cost = std::chrono::nanoseconds::max();
    std::shared_ptr<Batcher> batcher;  // through which requests share runs; null, as usual: each has its own

    mutable Counters counters;
};

using ServedVersionPtr = std::shared_ptr<const ServedVersion>;

struct Traffic;  // traffic.h

// What is routable in one instant.
struct Routes {
    struct Entry {
        std::string model;
        ServedVersionPtr live;                   // in the environment this server answers for; may be null
        std::shared_ptr<const Traffic> traffic;  // null, as usual: the live version answers everything
        std::map<std::string, ServedVersionPtr, std::less<>> live_in;  // what answers in each environment
        // Every loaded one, ascending: live anywhere, a candidate, or kept warm for rollback.
        std::vector<ServedVersionPtr> versions;
    };
    std::vector<Entry> entries;  // ascending by model
    std::uint64_t revision = 0;  // the live-set revision that this table shows

    const Entry* find(std::string_view model) const;
};

// Where a request goes that names no version.
struct Destination {
    ServedVersionPtr version;                // null: unknown or not live
    std::shared_ptr<const Traffic> traffic;  // beside it; null, as usual: none
};

// Readers take a snapshot without waiting for anyone; the one writer replaces the whole table at once.
class LiveTable {
public:
    std::shared_ptr<const Routes> routes() const { return routes_.load(); }
    ServedVersionPtr live(std::string_view model) const;  // null: unknown or not live
    Destination destination(std::string_view model) const;
    ServedVersionPtr live_in(std::string_view model, std::string_view environment) const;
    ServedVersionPtr version(std::string_view model, std::uint32_t version) const;
    void publish(std::shared_ptr<const Routes> routes) { routes_.store(std::move(routes)); }

private:
    Published<const Routes> routes_{std::make_shared<const Routes>()};
};

}  // namespace baton::inference
