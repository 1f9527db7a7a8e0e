// Time as the domain sees it: a point in UTC with microseconds, handed in so that tests control it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace baton {

using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

// Thread-safe.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Timestamp now() const = 0;
};

class SystemClock : public Clock {
public:
    Timestamp now() const override;
};

// RFC 3339 in UTC with six fraction digits: 2026-01-02T03:04:05.000006Z.
std::string format_timestamp(Timestamp time);
// Accepts that form with 0 to 9 fraction digits (beyond six cut off) and `Z`; nullopt otherwise.
std::optional<Timestamp> parse_timestamp(std::string_view text);

}  // namespace baton
