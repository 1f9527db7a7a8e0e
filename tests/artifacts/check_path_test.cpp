#include <gtest/gtest.h>

#include "artifacts/manifest.h"
#include "artifacts/unicode.h"
#include "base/encoding.h"

namespace baton::artifacts {
namespace {

TEST(CheckPath, AcceptsOrdinaryNames) {
    for (const char* path :
         {"model.onnx", "a/b/c.bin", ".hidden", "a b", "...x", "weights-0001-of-0002.safetensors", "péché",
          "日本語/模型.onnx", "😂", "ünï", "console.txt", "com10", "a'b", "x+y=z (1) [2] {3} #&%~@!$^,;"}) {
        EXPECT_TRUE(check_path(path).ok()) << path << ": " << check_path(path).error().message;
    }
}

TEST(CheckPath, RefusesUnsafeNames) {
    using namespace std::string_literals;
    const std::string cases[] = {
        "",
        "/",
        "/etc/passwd",
        "//x",
        "a//b",
        "a/",
        ".",
        "..",
        "../x",
        "a/../b",
        "a/./b",
        "a/..",
        "..\\x",
        "a\\b",
        "C:",
        "C:/x",
        "c:x",
        "a:stream",
        "file:///x",
        "a\0b"s,
        "\0"s,
        "a\nb",
        "a\x1f",
        "a\x7f",
        "a<b",
        "a>b",
        "a\"b",
        "a|b",
        "a?",
        "a*",
        "a.",
        "a ",
        "a./b",
        "a /b",
        "... ",
        "con",
        "CON",
        "nul.txt",
        "a/Aux",
        "COM1",
        "lpt9.log",
        "\xc0\xae\xc0\xae/x",  // overlong ..
        "\xff",
        "\xed\xa0\x80",  // not UTF-8, a surrogate
        "e\xcc\x81",
        "\xe2\x84\xab",
        "\xcd\xb4",                  // e + combining accent, Angstrom sign, a singleton
        "\xe1\x84\x92\xe1\x85\xa1",  // Hangul in pieces
    };
    for (const std::string& path : cases) {
        const Status status = check_path(path);
        ASSERT_FALSE(status.ok()) << path;
        EXPECT_EQ(status.error().code, Code::invalid_argument);
        EXPECT_TRUE(is_valid_utf8(status.error().message));
    }
}

TEST(CheckPath, LimitsLength) {
    std::string path = std::string(255, 'a');
    EXPECT_TRUE(check_path(path).ok());
    EXPECT_FALSE(check_path(path + "a").ok());
    path = path + '/' + path + '/' + path + '/' + std::string(255, 'b');
    EXPECT_TRUE(check_path(path + "/").ok() == false);
    EXPECT_TRUE(check_path(path).ok());          // 1023
    EXPECT_FALSE(check_path(path + "/c").ok());  // 1025
}

TEST(FoldCase, JoinsNamesThatDifferByCase) {
    const std::pair<const char*, const char*> same[] = {
        {"AbC", "aBc"}, {"ÀÖØÞŸ", "àöøþÿ"}, {"ĀŹſ", "āźs"}, {"ΑΣΩς", "ασωσ"}, {"ЁЯ", "ёя"}, {"Ա", "ա"}, {"Ａ", "ａ"}};
    for (const auto& [a, b] : same) EXPECT_EQ(fold_case(a), fold_case(b)) << a;
    EXPECT_EQ(fold_case("×÷日本😂_1"), "×÷日本😂_1");
}

}  // namespace
}  // namespace baton::artifacts
