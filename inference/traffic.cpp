#include "inference/traffic.h"

#include <random>

namespace baton::inference {
namespace {

// SplitMix64's last steps: every bit of the answer depends on every bit of the number.
std::uint64_t mixed(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

}  // namespace

std::uint64_t sticky_draw(std::uint64_t seed, std::string_view key) {
    std::uint64_t hash = 0xcbf29ce484222325 ^ mixed(seed);  // FNV-1a
    for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return mixed(hash);
}

std::uint64_t random_draw() {
    thread_local std::uint64_t state = [] {
        std::random_device device;
        return (static_cast<std::uint64_t>(device()) << 32) | device();
    }();
    state += 0x9e3779b97f4a7c15;
    return mixed(state);
}

}  // namespace baton::inference
