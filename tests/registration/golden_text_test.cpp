#include "server/registration/golden_text.h"

#include <gtest/gtest.h>

namespace baton::server {
namespace {

using inference::DataType;
using inference::Golden;

TEST(GoldenText, ReadsBackWhatItWrote) {
    const Golden golden{.recipe = 1,
                        .outputs = {{"label", DataType::bytes, {2}, {"yes", "sí \"quoted\""}},
                                    {"p", DataType::fp32, {2, 2}, {"0.1", "nan", "-inf", "3.4028235e+38"}},
                                    {"n", DataType::uint64, {1}, {"18446744073709551615"}}}};
    const auto read = parse_golden(golden_text(golden));
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(*read, golden);
}

TEST(GoldenText, WhatIsNoUtf8HasNoText) {
    EXPECT_EQ(golden_text({.outputs = {{"label", DataType::bytes, {1}, {"\xff"}}}}), "");
}

TEST(GoldenText, RefusesWhatItDidNotWrite) {
    for (const char* text :
         {"", "[]", "{}", R"({"recipe":1,"outputs":[{"name":"y","datatype":"X","shape":[],"values":[]}]})",
          R"({"recipe":"1","outputs":[]})"}) {
        EXPECT_FALSE(parse_golden(text).ok()) << text;
    }
}

}  // namespace
}  // namespace baton::server
