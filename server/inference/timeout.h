// How long a request says that it may wait.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace baton::server {

// What the parameter `timeout` of the Open Inference Protocol says, in microseconds; at most a day, so that nothing
// that is counted from it overflows.
inline constexpr std::chrono::microseconds longest_timeout = std::chrono::hours(24);

constexpr std::chrono::microseconds timeout_of(std::uint64_t microseconds) {
    const auto most = static_cast<std::uint64_t>(longest_timeout.count());
    return std::chrono::microseconds(static_cast<std::int64_t>(std::min(microseconds, most)));
}

}  // namespace baton::server
