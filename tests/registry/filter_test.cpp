#include "registry/filter.h"

#include <random>

#include "tests/registry/fixture.h"

namespace baton::registry {
namespace {

// A filter written back: comparisons by number, texts in quotes.
std::string spelled(const Filter& filter) {
    std::string out;
    for (const Condition& condition : filter) {
        constexpr std::array<std::string_view, 10> names = {"=",  "!=",   "<",     "<=", ">",
                                                            ">=", "LIKE", "ILIKE", "IN", "NOT IN"};
        if (!out.empty()) out += " & ";
        out += "[" + condition.field.name + "]";
        if (condition.field.key) out += "[" + *condition.field.key + "]";
        out += " " + std::string(names[static_cast<std::size_t>(condition.comparison)]);
        for (const Literal& literal : condition.values) {
            out += " ";
            if (const auto* text = std::get_if<std::string>(&literal.value)) out += "'" + *text + "'";
            if (const auto* integer = std::get_if<std::int64_t>(&literal.value)) out += "i" + std::to_string(*integer);
            if (const auto* number = std::get_if<double>(&literal.value)) out += "d" + std::to_string(*number);
        }
    }
    return out;
}

struct Case {
    std::string text;
    std::string expected;
};

TEST(FilterTest, WhatIsUnderstood) {
    for (const Case& c : {
             Case{"", ""},
             Case{"  \t\n ", ""},
             Case{"name LIKE 'credit%' AND stage = 'live' AND tags.team = 'risk' AND metrics.roc_auc >= 0.9",
                  "[name] LIKE 'credit%' & [stage] = 'live' & [tags][team] = 'risk' & [metrics][roc_auc] >= d0.900000"},
             Case{"a='x'and b!='y'", "[a] = 'x' & [b] != 'y'"},
             Case{"a <> 1 AND b<2 AND c<=3 AND d>4 AND e>=5",
                  "[a] != i1 & [b] < i2 & [c] <= i3 & [d] > i4 & [e] >= i5"},
             Case{"a ilike '%X%'", "[a] ILIKE '%X%'"},
             Case{"a IN ('x')", "[a] IN 'x'"},
             Case{"a in('x' ,'y',3) AND b Not In (4)", "[a] IN 'x' 'y' i3 & [b] NOT IN i4"},
             Case{"a = 'it''s'", "[a] = 'it's'"},
             Case{"a = ''", "[a] = ''"},
             Case{"a = 'é ✓'", "[a] = 'é ✓'"},
             Case{"tags.\"a b\" = '1' AND tags.`a \"b` = '2' AND tags.\"a\"\"b\" = '3'",
                  "[tags][a b] = '1' & [tags][a \"b] = '2' & [tags][a\"b] = '3'"},
             Case{"\"tags\".\"x y\" = '1' AND `name` = '2'", "[tags][x y] = '1' & [name] = '2'"},
             Case{"tags.mlflow.source.type = 'x' AND tags.a-b/c_1 = 'y'",
                  "[tags][mlflow.source.type] = 'x' & [tags][a-b/c_1] = 'y'"},
             Case{"and = 'x' AND like LIKE 'y'", "[and] = 'x' & [like] LIKE 'y'"},
             Case{"a = -5 AND b = +5 AND c = -0.5e-3 AND d = .5 AND e = 1E3",
                  "[a] = i-5 & [b] = i5 & [c] = d-0.000500 & [d] = d0.500000 & [e] = d1000.000000"},
             Case{"a = 9223372036854775807 AND b = 9223372036854775808",
                  "[a] = i9223372036854775807 & [b] = d9223372036854775808.000000"},
         }) {
        const auto parsed = parse_filter(c.text);
        ASSERT_THAT(parsed, is_ok()) << c.text;
        EXPECT_EQ(spelled(parsed.value()), c.expected) << c.text;
    }
}

TEST(FilterTest, WhatIsNotSaysWhereAndWhatWasExpected) {
    for (const Case& c : {
             Case{"name", "column 5: expected a comparison"},
             Case{"name =", "column 7: expected a value"},
             Case{"name = ", "column 8: expected a value"},
             Case{"stage = 'live' AND", "column 19: expected a field"},
             Case{"stage = 'live' OR a = 1", "column 16: expected AND"},
             Case{"stage = live", "column 9: expected a value: text stands in single quotes"},
             Case{"stage = \"live\"", "column 9: expected a value: text stands in single quotes"},
             Case{"stage = 'live", "column 9: the quote ' is not closed"},
             Case{"tags.\"a = 'x'", "column 6: the quote \" is not closed"},
             Case{"tags. = 'x'", "column 7: expected a key behind tags."},
             Case{"'live' = stage", "column 1: expected a field"},
             Case{"a IN 'x'", "column 6: expected ("},
             Case{"a IN ()", "column 7: expected a value"},
             Case{"a IN ('x' 'y')", "column 11: expected a comma"},
             Case{"a IN ('x',)", "column 11: expected a value"},
             Case{"a NOT LIKE 'x'", "column 7: expected IN behind NOT"},
             Case{"a = 1 b = 2", "column 7: expected AND"},
             Case{"a == 1", "column 4: expected a value"},
             Case{"a = 1; DROP TABLE models", "column 6: unexpected character"},
             Case{"a = (1)", "column 5: expected a value"},
             Case{"a = 1e999", "column 5: not a number"},
             Case{"a = -inf", "column 5: not a number"},
             Case{"a = 0x10", "column 5: not a number"},
             Case{"a = 1.2.3", "column 5: not a number"},
             Case{"é = 1", "column 1: unexpected character"},
             Case{"a = 'é✓' AND ?", "column 14: unexpected character"},
             Case{"a = '\xff'", "column 6: the text is not UTF-8"},
             Case{std::string("a = 'x\0'", 8), "column 7: a NUL character"},
             Case{std::string(9000, ' '), "column 1: the text is longer"},
         })
        EXPECT_THAT(parse_filter(c.text), fails_saying(Code::invalid_argument, c.expected)) << c.text;
}

TEST(FilterTest, SizesAreLimited) {
    std::string conditions = "a=1";
    for (int i = 0; i < 100; ++i) conditions += " AND a=1";
    EXPECT_THAT(parse_filter(conditions), fails_saying(Code::invalid_argument, "more than 100 conditions"));
    std::string values = "a IN (1";
    for (int i = 0; i < 500; ++i) values += ",1";
    EXPECT_THAT(parse_filter(values + ")"), fails_saying(Code::invalid_argument, "more than 500 values"));
}

TEST(FilterTest, PositionsCountCharacters) {
    const auto filter = parse_filter("a = 'é' AND tags.b >= 2").value();
    EXPECT_EQ(filter[0].field.column, 1U);
    EXPECT_EQ(filter[0].column, 3U);
    EXPECT_EQ(filter[0].values[0].column, 5U);
    EXPECT_EQ(filter[1].field.column, 13U);
    EXPECT_EQ(filter[1].column, 20U);
    EXPECT_EQ(filter[1].values[0].column, 23U);
}

TEST(FilterTest, Orders) {
    const auto order = parse_order("created_at DESC, name , metrics.roc_auc asc,tags.\"a b\" desc").value();
    ASSERT_EQ(order.size(), 4U);
    EXPECT_EQ(order[0].field.text(), "created_at");
    EXPECT_TRUE(order[0].descending);
    EXPECT_FALSE(order[1].descending);
    EXPECT_EQ(order[2].field.text(), "metrics.roc_auc");
    EXPECT_FALSE(order[2].descending);
    EXPECT_EQ(order[3].field.text(), "tags.a b");
    EXPECT_TRUE(order[3].descending);
    EXPECT_TRUE(parse_order("").value().empty());
    EXPECT_THAT(parse_order("name,"), fails_saying(Code::invalid_argument, "column 6: expected a field"));
    EXPECT_THAT(parse_order("name down"), fails_saying(Code::invalid_argument, "column 6: expected ASC, DESC"));
    EXPECT_THAT(parse_order("1"), fails_saying(Code::invalid_argument, "column 1: expected a field"));
}

// Random texts, of random bytes and of the language's own pieces, never crash, and every error says where.
TEST(FilterTest, AnyTextIsUnderstoodOrRefusedWithAColumn) {
    constexpr std::array<std::string_view, 24> pieces = {"a",  "tags.", "tags.x", "=", "!=",  "<", ">=",  "LIKE",
                                                         "IN", "NOT",   "AND",    "(", ")",   ",", "'x'", "''",
                                                         "'",  "\"",    "`",      "1", "-.5", ".", "é",   " "};
    std::mt19937 random(11);
    int understood = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        const std::size_t size = random() % 12;
        for (std::size_t j = 0; j < size; ++j) {
            if (i % 2 == 0) text += pieces[random() % pieces.size()];
            if (i % 4 == 0) text += ' ';
            if (i % 2 == 1) text += static_cast<char>(random() % 256);
        }
        const auto parsed = parse_filter(text);
        understood += parsed.ok() && !parsed.value().empty() ? 1 : 0;
        if (parsed.ok()) continue;
        EXPECT_EQ(parsed.error().code, Code::invalid_argument);
        EXPECT_TRUE(parsed.error().message.starts_with("column ")) << text;
        const auto order = parse_order(text);
        EXPECT_TRUE(order.ok() || order.error().message.starts_with("column ")) << text;
    }
    EXPECT_GT(understood, 0);
}

}  // namespace
}  // namespace baton::registry
