// The two halves of SplitMix64. Recorded golden outputs and the keys of a canary depend on these very numbers: they do
// not change.
#pragma once

#include <cstdint>

namespace baton::inference {

// What a generator adds to its state before it mixes it.
inline constexpr std::uint64_t mixed_step = 0x9e3779b97f4a7c15;

// Every bit of the answer depends on every bit of the number.
constexpr std::uint64_t mixed(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

}  // namespace baton::inference
