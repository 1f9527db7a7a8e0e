#include "base/clock.h"

#include <gtest/gtest.h>

namespace baton {
namespace {

TEST(Timestamp, RoundTripsThroughRfc3339) {
    const auto time = parse_timestamp("2026-02-28T23:59:59.000123Z");
    ASSERT_TRUE(time.has_value());
    EXPECT_EQ(format_timestamp(*time), "2026-02-28T23:59:59.000123Z");
    EXPECT_EQ(format_timestamp(Timestamp{}), "1970-01-01T00:00:00.000000Z");
}

TEST(Timestamp, AcceptsShorterFractions) {
    EXPECT_EQ(format_timestamp(*parse_timestamp("2026-02-28T23:59:59Z")), "2026-02-28T23:59:59.000000Z");
    EXPECT_EQ(format_timestamp(*parse_timestamp("2026-02-28T23:59:59.5Z")), "2026-02-28T23:59:59.500000Z");
    EXPECT_EQ(format_timestamp(*parse_timestamp("2026-02-28T23:59:59.123456789Z")), "2026-02-28T23:59:59.123456Z");
}

TEST(Timestamp, RefusesWhatIsNotATime) {
    for (const char* text : {"", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
                             "2026-01-01T00:00:00", "2026-01-01T00:00:00+00:00", "2026-01-01 00:00:00Z",
                             "2026-01-01T00:00:00.Z", "2026-01-01T00:-1:00Z"}) {
        EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace baton
