#include "registry/canonical_json.h"

#include <bit>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include <gtest/gtest.h>

namespace baton::registry {
namespace {

TEST(CanonicalJsonTest, Strings) {
    EXPECT_EQ(canonical_string(""), "\"\"");
    EXPECT_EQ(canonical_string("a\"b\\c/d"), R"("a\"b\\c/d")");
    EXPECT_EQ(canonical_string("\b\f\n\r\t\x01\x1f\x7f"), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
    EXPECT_EQ(canonical_string("é€😂"), "\"é€😂\"");
}

TEST(CanonicalJsonTest, Objects) {
    EXPECT_EQ(canonical_object({}), "{}");
    EXPECT_EQ(canonical_object({{"b", "1"}, {"a", "[2]"}}), R"({"a":[2],"b":1})");
    EXPECT_EQ(canonical_strings({{"b", "1"}, {"a\n", "x"}}), R"({"a\n":"x","b":"1"})");
}

// The example of RFC 8785, section 3.2.3.
TEST(CanonicalJsonTest, NamesAreSortedAsUtf16) {
    const std::string dalet = "\xef\xac\xb3";  // U+FB33
    const std::string control = "\xc2\x80";    // U+0080
    EXPECT_EQ(
        canonical_object({{"€", "1"}, {"\r", "2"}, {dalet, "3"}, {"1", "4"}, {"😀", "5"}, {control, "6"}, {"ö", "7"}}),
        R"({"\r":2,"1":4,")" + control + R"(":6,"ö":7,"€":1,"😀":5,")" + dalet + R"(":3})");
}

TEST(CanonicalJsonTest, Numbers) {
    struct Case {
        double number;
        const char* text;
    };
    for (const Case& c : {
             Case{0, "0"},
             Case{-0.0, "0"},
             Case{1, "1"},
             Case{-1.5, "-1.5"},
             Case{0.1, "0.1"},
             Case{100, "100"},
             Case{1e20, "100000000000000000000"},
             Case{1e21, "1e+21"},
             Case{123456789012345680000.0, "123456789012345680000"},
             Case{0.000001, "0.000001"},
             Case{0.0000001, "1e-7"},
             Case{1.5e-9, "1.5e-9"},
             Case{5e-324, "5e-324"},
             Case{1.7976931348623157e308, "1.7976931348623157e+308"},
             Case{333333333.33333329, "333333333.3333333"},
         })
        EXPECT_EQ(canonical_number(c.number), c.text);
}

TEST(CanonicalJsonTest, NumbersReadBackAsTheSameDouble) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 20'000; ++i) {
        const double number = std::bit_cast<double>(random());
        if (!(std::abs(number) <= 1.7976931348623157e308)) continue;
        EXPECT_EQ(std::strtod(canonical_number(number).c_str(), nullptr), number);
    }
}

// Lines of `bits in hex,expected text`.
TEST(CanonicalJsonTest, NumbersOfTheReferenceVectors) {
    const char* set = std::getenv("BATON_VECTORS");
    const std::filesystem::path folder = set != nullptr ? set : BATON_SOURCE_DIR "/../shared/vectors";
    std::ifstream file(folder / "jcs" / "es6-numbers-10000.txt");
    if (!file) GTEST_SKIP() << "no vectors in " << folder << "; set BATON_VECTORS";
    int compared = 0;
    for (std::string line; std::getline(file, line); ++compared) {
        const std::size_t comma = line.find(',');
        ASSERT_NE(comma, std::string::npos) << line;
        const double number = std::bit_cast<double>(std::strtoull(line.substr(0, comma).c_str(), nullptr, 16));
        EXPECT_EQ(canonical_number(number), line.substr(comma + 1)) << line;
    }
    EXPECT_GT(compared, 1000);
}

}  // namespace
}  // namespace baton::registry
