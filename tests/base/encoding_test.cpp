#include "base/encoding.h"

#include <gtest/gtest.h>

namespace baton {
namespace {

using namespace std::literals;

TEST(Base64, EncodesTheVectorsOfRfc4648) {
    const std::vector<std::pair<std::string, std::string>> vectors = {
        {"", ""},         {"f", "Zg=="},         {"fo", "Zm8="},         {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
    };
    for (const auto& [plain, encoded] : vectors) {
        EXPECT_EQ(encode_base64(plain), encoded);
        EXPECT_EQ(decode_base64(encoded), plain);
    }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
    for (const auto* text : {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9", "Zm9v\n"}) {
        EXPECT_EQ(decode_base64(text), std::nullopt) << text;
    }
}

TEST(Hex, AcceptsOnlyLowerCaseOfTheRightLength) {
    std::array<std::uint8_t, 2> bytes{};
    EXPECT_TRUE(decode_hex("0aff", bytes));
    EXPECT_EQ(encode_hex(bytes), "0aff");
    for (const auto* text : {"0AFF", "0aff0", "0af", "0ag0", ""}) EXPECT_FALSE(decode_hex(text, bytes)) << text;
}

TEST(Percent, RoundTripsEveryByte) {
    std::string all;
    for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
    EXPECT_EQ(percent_decode(percent_encode(all)), all);
    EXPECT_EQ(percent_encode("a/b c", "/"), "a/b%20c");
    EXPECT_EQ(percent_decode("%zz"), std::nullopt);
    EXPECT_EQ(percent_decode("%4"), std::nullopt);
}

TEST(Utf8, RefusesOverlongFormsAndSurrogates) {
    EXPECT_TRUE(is_valid_utf8("a\u00e9\u20ac\U0001f600"));
    for (const auto text : {"\xc0\xaf"sv, "\xe0\x80\xaf"sv, "\xed\xa0\x80"sv, "\xf4\x90\x80\x80"sv, "\x80"sv, "\xe2\x82"sv}) {
        EXPECT_FALSE(is_valid_utf8(text));
    }
}

}  // namespace
}  // namespace baton
