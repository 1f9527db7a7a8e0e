#include "base/text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace baton {
namespace {

TEST(ParseWhole, ReadsWhatTheTypeHoldsToItsLimits) {
    EXPECT_EQ(parse_whole<std::uint16_t>("65535"), 65535);
    EXPECT_EQ(parse_whole<std::uint16_t>("65536"), std::nullopt);
    EXPECT_EQ(parse_whole<std::int64_t>("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(parse_whole<std::int64_t>("9223372036854775808"), std::nullopt);
    EXPECT_EQ(parse_whole<double>("-1.5e-3"), -1.5e-3);
    EXPECT_EQ(parse_whole<double>("1e999"), std::nullopt);
    EXPECT_EQ(parse_whole<int>("007"), 7);
}

TEST(ParseWhole, RefusesWhatIsNotANumberFromEndToEnd) {
    for (const auto* text : {"", "-", "+1", " 1", "1 ", "1.", "1,000", "0x10", "one", "1\n"}) {
        EXPECT_EQ(parse_whole<int>(text), std::nullopt) << text;
    }
    EXPECT_EQ(parse_whole<std::uint64_t>("-1"), std::nullopt);
    EXPECT_EQ(parse_whole<double>("1.5kg"), std::nullopt);
    EXPECT_EQ(parse_whole<int>({}), std::nullopt);
}

TEST(ParseWhole, LooksAtNothingBehindTheText) {
    EXPECT_EQ(parse_whole<int>(std::string_view("1234").substr(0, 2)), 12);
}

TEST(Trimmed, TakesSpacesAndTabsFromBothEnds) {
    EXPECT_EQ(trimmed(" \ta b\t "), "a b");
    EXPECT_EQ(trimmed("ab"), "ab");
    EXPECT_EQ(trimmed(" \t "), "");
    EXPECT_EQ(trimmed(""), "");
    EXPECT_EQ(trimmed("a\n"), "a\n");
}

}  // namespace
}  // namespace baton
