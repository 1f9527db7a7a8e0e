// What a request meets when candidates stand beside the live version: a canary that answers a share of them, a shadow
// that is compared.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "inference/live_table.h"
#include "inference/shadow.h"

namespace baton::inference {

// Shares are in 1/10,000.
inline constexpr std::uint32_t whole_share = 10'000;

// The same number for the same key under one seed, spread evenly; another seed spreads anew.
std::uint64_t sticky_draw(std::uint64_t seed, std::string_view key);
// Of a generator of this thread.
std::uint64_t random_draw();
// True for `share` of all draws. A draw that is in a share is in every larger one.
constexpr bool is_in_share(std::uint64_t draw, std::uint32_t share) { return draw % whole_share < share; }

// Immutable but for what the shadow counts. Only what is loaded is in here: the share of a canary that is not ready is
// the live version's.
struct Traffic {
    ServedVersionPtr canary;  // null: none
    std::uint32_t canary_share = 0;
    std::uint64_t canary_seed = 0;
    std::string
        sticky_header;  // whose value is the key; empty, or absent in a request: each request is drawn for itself

    std::shared_ptr<Shadow> shadow;  // null: none
    std::uint32_t shadow_share = 0;

    // `key` empty: none.
    bool goes_to_canary(std::string_view key) const {
        if (canary == nullptr) return false;
        return is_in_share(key.empty() ? random_draw() : sticky_draw(canary_seed, key), canary_share);
    }
    bool goes_to_shadow() const { return shadow != nullptr && is_in_share(random_draw(), shadow_share); }
};

}  // namespace baton::inference
