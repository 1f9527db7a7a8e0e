#include "registry/filter.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "registry/filter_lexer.h"

namespace baton::registry {
namespace {

constexpr std::size_t max_conditions = 100;
constexpr std::size_t max_values = 500;

constexpr std::array<std::pair<std::string_view, Comparison>, 7> symbols = {{
    {"=", Comparison::equal},
    {"!=", Comparison::not_equal},
    {"<>", Comparison::not_equal},
    {"<", Comparison::less},
    {"<=", Comparison::less_equal},
    {">", Comparison::greater},
    {">=", Comparison::greater_equal},
}};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

template <class Number>
std::optional<Number> number_of(std::string_view text) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
        if (text.starts_with('-')) return std::nullopt;
    }
    return parse_whole<Number>(text);
}

class Parser {
public:
    explicit Parser(std::vector<Lexeme> lexemes) : lexemes_(std::move(lexemes)) {}

    Result<Filter> filter() {
        Filter filter;
        if (at_end()) return filter;
        do {
            BATON_ASSIGN(Condition condition, this->condition());
            filter.push_back(std::move(condition));
            if (filter.size() > max_conditions)
                return filter_error(filter.back().field.column,
                                    "more than " + std::to_string(max_conditions) + " conditions");
        } while (take_word("AND"));
        if (!at_end()) return expected("AND or the end of the filter");
        return filter;
    }

    Result<std::vector<OrderTerm>> order() {
        std::vector<OrderTerm> terms;
        if (at_end()) return terms;
        do {
            BATON_ASSIGN(FieldName field, this->field());
            const bool descending = take_word("DESC");
            if (!descending) take_word("ASC");
            terms.push_back({std::move(field), descending});
        } while (take_symbol(","));
        if (!at_end()) return expected("ASC, DESC, a comma or the end");
        return terms;
    }

private:
    const Lexeme& here() const { return lexemes_[at_]; }
    bool at_end() const { return here().kind == LexemeKind::end; }
    Error expected(const std::string& what) const { return filter_error(here().column, "expected " + what); }

    bool take_word(std::string_view word) {
        if (here().kind != LexemeKind::identifier ||
            !std::equal(word.begin(), word.end(), here().text.begin(), here().text.end(),
                        [](char a, char b) { return a == upper(b); }))
            return false;
        ++at_;
        return true;
    }

    bool take_symbol(std::string_view symbol) {
        if (here().kind != LexemeKind::symbol || here().text != symbol) return false;
        ++at_;
        return true;
    }

    Result<Condition> condition() {
        Condition condition;
        BATON_ASSIGN(condition.field, field());
        condition.column = here().column;
        BATON_ASSIGN(condition.comparison, comparison());
        if (condition.comparison == Comparison::in || condition.comparison == Comparison::not_in) {
            BATON_ASSIGN(condition.values, value_list());
        } else {
            BATON_ASSIGN(Literal literal, value());
            condition.values.push_back(std::move(literal));
        }
        return condition;
    }

    // tags.team is one unquoted word; tags."a b" is the word `tags.` and a quoted one.
    Result<FieldName> field() {
        const Lexeme first = here();
        if (first.kind != LexemeKind::identifier && first.kind != LexemeKind::quoted_identifier)
            return expected("a field");
        ++at_;
        FieldName field{.name = first.text, .key = std::nullopt, .column = first.column};
        if (first.kind == LexemeKind::identifier) {
            const std::size_t dot = first.text.find('.');
            if (dot != std::string::npos) {
                field.name = first.text.substr(0, dot);
                field.key = first.text.substr(dot + 1);
            }
        } else if (take_symbol(".")) {
            field.key = "";
        }
        if (field.key && field.key->empty()) {
            if (here().kind != LexemeKind::quoted_identifier && here().kind != LexemeKind::identifier)
                return expected("a key behind " + field.name + ".");
            field.key = here().text;
            ++at_;
        }
        return field;
    }

    Result<Comparison> comparison() {
        for (const auto& [symbol, comparison] : symbols)
            if (take_symbol(symbol)) return comparison;
        if (take_word("LIKE")) return Comparison::like;
        if (take_word("ILIKE")) return Comparison::ilike;
        if (take_word("IN")) return Comparison::in;
        if (take_word("NOT")) {
            if (take_word("IN")) return Comparison::not_in;
            return expected("IN behind NOT");
        }
        return expected("a comparison: =, !=, <, <=, >, >=, LIKE, ILIKE or IN");
    }

    Result<std::vector<Literal>> value_list() {
        if (!take_symbol("(")) return expected("( before the values of IN");
        std::vector<Literal> values;
        do {
            BATON_ASSIGN(Literal literal, value());
            values.push_back(std::move(literal));
            if (++values_ > max_values)
                return filter_error(values.back().column, "more than " + std::to_string(max_values) + " values");
        } while (take_symbol(","));
        if (!take_symbol(")")) return expected("a comma or ) behind the values of IN");
        return values;
    }

    Result<Literal> value() {
        const Lexeme lexeme = here();
        if (lexeme.kind == LexemeKind::text) {
            ++at_;
            return Literal{lexeme.text, lexeme.column};
        }
        if (lexeme.kind == LexemeKind::number) {
            ++at_;
            if (const auto integer = number_of<std::int64_t>(lexeme.text)) return Literal{*integer, lexeme.column};
            const auto number = number_of<double>(lexeme.text);
            if (number && std::isfinite(*number)) return Literal{*number, lexeme.column};
            return filter_error(lexeme.column, "not a number");
        }
        if (lexeme.kind == LexemeKind::quoted_identifier || lexeme.kind == LexemeKind::identifier)
            return expected("a value: text stands in single quotes");
        return expected("a value");
    }

    const std::vector<Lexeme> lexemes_;
    std::size_t at_ = 0;
    std::size_t values_ = 0;
};

}  // namespace

Error filter_error(Column column, const std::string& message) {
    return invalid_argument("column " + std::to_string(column) + ": " + message);
}

Result<Filter> parse_filter(std::string_view text) {
    BATON_ASSIGN(std::vector<Lexeme> lexemes, split_filter(text));
    return Parser(std::move(lexemes)).filter();
}

Result<std::vector<OrderTerm>> parse_order(std::string_view text) {
    BATON_ASSIGN(std::vector<Lexeme> lexemes, split_filter(text));
    return Parser(std::move(lexemes)).order();
}

}  // namespace baton::registry
