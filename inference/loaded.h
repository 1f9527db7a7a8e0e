// What is loaded, as the loading thread alone knows it; the routing table is made from it.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "inference/live_set.h"
#include "inference/traffic.h"

namespace baton::inference {

struct SlotKey {
    std::string model;
    std::string environment;
    SlotRole role = SlotRole::live;
    auto operator<=>(const SlotKey&) const = default;
};

SlotKey key_of(const WantedSlot& slot);

// Not thread-safe.
class Loaded {
public:
    explicit Loaded(std::string environment) : environment_(std::move(environment)) {}

    // The loaded version that a slot names, serving or not; null if there is none.
    ServedVersionPtr find(const WantedSlot& slot) const;
    // Lets the version answer for the slot. True if that changes what requests meet. A version that was live there is
    // kept warm if a slot has it as its previous one.
    bool serve(const WantedSlot& slot, ServedVersionPtr version);
    // A slot that serves nothing now. True if it did before.
    bool clear(const SlotKey& key);
    bool answers(const SlotKey& key) const { return serving_.contains(key); }
    // Forgets the slots that are no longer wanted, candidates that another one takes the place of, and warm versions
    // that are no slot's previous one. True if there were such. What candidates leave is found until forget_parted().
    bool retain(const std::vector<WantedSlot>& wanted);
    void forget_parted() { parted_.clear(); }

    std::shared_ptr<const Routes> routes(std::uint64_t revision) const;
    const std::vector<ServedVersionPtr>& warm() const { return warm_; }
    std::map<SlotKey, std::uint32_t> answering() const;
    bool holds(const ServedVersionPtr& version) const;
    std::map<SlotKey, std::shared_ptr<Shadow>> shadows() const;
    // Shadows that were ended since this was asked last: stopped, and to be kept until they have_stopped().
    std::vector<std::shared_ptr<Shadow>> take_ended_shadows() { return std::exchange(ended_shadows_, {}); }

private:
    struct Serving {
        ServedVersionPtr version;
        std::uint32_t share = 0;
        std::string header = {};
        std::uint64_t started = 0;
        std::shared_ptr<Shadow> shadow = nullptr;
    };

    bool is_serving(const ServedVersionPtr& version) const;
    bool is_previous(const ServedVersion& version) const;
    void keep_warm(const ServedVersionPtr& version);
    bool serve_live(const SlotKey& key, ServedVersionPtr version);
    bool serve_candidate(const WantedSlot& slot, ServedVersionPtr version);
    void end(Serving& serving);
    std::shared_ptr<const Traffic> traffic_of(const std::string& model) const;

    const std::string environment_;
    std::map<SlotKey, Serving> serving_;
    std::vector<std::shared_ptr<const WantedSlot>> previous_;  // of the slots that are wanted
    std::vector<ServedVersionPtr> warm_;                       // each a previous one, none of them serving
    std::vector<ServedVersionPtr> parted_;
    std::vector<std::shared_ptr<Shadow>> ended_shadows_;
};

}  // namespace baton::inference
