#include "cli/table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace baton::cli {
namespace {

std::string printed(const Table& table, bool coloured = false) {
    std::ostringstream out;
    table.print(out, Style(coloured));
    return out.str();
}

TEST(Table, AlignsTextLeftAndNumbersRight) {
    Table table({"NAME", "SIZE>", "NOTE"});
    table.add({"a", "1", "x"});
    table.add({"longer", "1000", ""});
    EXPECT_EQ(printed(table),
              "NAME    SIZE  NOTE\n"
              "a          1  x\n"
              "longer  1000\n");
}

TEST(Table, CountsColumnsNotBytes) {
    Table table({"NAME", "X"});
    table.add({"Größe", "1"});
    table.add({"日本", "2"});
    table.add({"e\u0301e\u0301", "3"});
    table.add({"abcde", "4"});
    EXPECT_EQ(printed(table),
              "NAME   X\n"
              "Größe  1\n"
              "日本   2\n"
              "e\u0301e\u0301     3\n"
              "abcde  4\n");
}

TEST(Table, WithoutTitlesHasNoHead) {
    Table table({"", ""});
    table.add({"user", "dana"});
    EXPECT_EQ(printed(table), "user  dana\n");
}

TEST(Table, CellsCannotSteerTheTerminal) {
    Table table({"A", "B"});
    table.add({"\x1b[31mred\n", "\u009b2J"});
    const std::string text = printed(table);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find("\u009b"), std::string::npos);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST(Table, ColoursDoNotChangeTheWidths) {
    Table table({"STAGE", "X"});
    table.add({"live", "1"});
    EXPECT_EQ(printed(table, true), "\x1b[1mSTAGE\x1b[0m  \x1b[1mX\x1b[0m\n\x1b[32mlive\x1b[0m   1\n");
}

TEST(Style, SaysSizesAndTimesForPeople) {
    EXPECT_EQ(human_size(0), "0 B");
    EXPECT_EQ(human_size(1023), "1023 B");
    EXPECT_EQ(human_size(1536), "1.5 KiB");
    EXPECT_EQ(human_size(std::uint64_t{3} << 30), "3.0 GiB");
    EXPECT_EQ(human_time("2026-01-02T03:04:05.000006Z"), "2026-01-02 03:04:05Z");
    EXPECT_EQ(human_time("soon"), "soon");
}

}  // namespace
}  // namespace baton::cli
