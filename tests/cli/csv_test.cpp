#include "cli/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Csv, ReadsPlainRows) {
    const auto table = parse_csv("a,b\n1,2\r\n3,\n");
    ASSERT_TRUE(table.ok());
    EXPECT_THAT(table->header, ElementsAre("a", "b"));
    EXPECT_THAT(table->rows, ElementsAre(ElementsAre("1", "2"), ElementsAre("3", "")));
}

TEST(Csv, ReadsQuotedCells) {
    const auto table = parse_csv("\xef\xbb\xbf\"a,b\",c\n\"say \"\"hi\"\"\nnow\",\"\"\n");
    ASSERT_TRUE(table.ok());
    EXPECT_THAT(table->header, ElementsAre("a,b", "c"));
    EXPECT_THAT(table->rows, ElementsAre(ElementsAre("say \"hi\"\nnow", "")));
}

TEST(Csv, NeedsNoLineBreakAtTheEndAndSkipsEmptyLines) {
    const auto table = parse_csv("\na,b\n\n1,2");
    ASSERT_TRUE(table.ok());
    EXPECT_THAT(table->rows, ElementsAre(ElementsAre("1", "2")));
}

TEST(Csv, AQuotedEmptyCellIsARow) {
    const auto table = parse_csv("a\n1\n\"\"\r\n\r\n3\n");
    ASSERT_TRUE(table.ok());
    EXPECT_THAT(table->rows, ElementsAre(ElementsAre("1"), ElementsAre(""), ElementsAre("3")));
}

TEST(Csv, SaysWhichLineIsWrong) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"a,b\n1\n", "line 2"},           {"a,b\n1,2\n1,2,3\n", "line 3"},      {"a\n\"x\ny\"\n1,2\n", "line 4"},
        {"a,b\n\"1,2\n", "never closed"}, {"a,b\n\"1\"x,2\n", "closing quote"}, {"", "no header"}};
    for (const auto& [text, why] : cases) {
        const auto table = parse_csv(text);
        ASSERT_FALSE(table.ok()) << text;
        EXPECT_THAT(table.error().message, HasSubstr(why)) << text;
    }
}

}  // namespace
}  // namespace baton::cli
