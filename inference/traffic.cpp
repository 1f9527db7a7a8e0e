#include "inference/traffic.h"

#include <random>

#include "inference/mixed.h"

namespace baton::inference {

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
    state += mixed_step;
    return mixed(state);
}

}  // namespace baton::inference
