#include "registry/filter_lexer.h"

#include <algorithm>

#include "base/encoding.h"

namespace baton::registry {
namespace {

constexpr std::size_t max_text = 8192;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool in_word(char c) { return begins_word(c) || is_digit(c) || c == '.' || c == '-' || c == '/'; }
bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }

class Lexer {
public:
    explicit Lexer(std::string_view text) : text_(text) {}

    Result<std::vector<Lexeme>> split() {
        std::vector<Lexeme> lexemes;
        do {
            while (at_ < text_.size() && is_space(text_[at_])) advance(1);
            BATON_ASSIGN(Lexeme lexeme, next());
            lexemes.push_back(std::move(lexeme));
        } while (lexemes.back().kind != LexemeKind::end);
        return lexemes;
    }

private:
    Result<Lexeme> next() {
        if (at_ == text_.size()) return Lexeme{LexemeKind::end, "", column_};
        const char c = text_[at_];
        if (c == '\'') return quoted(c, LexemeKind::text);
        if (c == '"' || c == '`') return quoted(c, LexemeKind::quoted_identifier);
        if (begins_word(c)) return run(LexemeKind::identifier, in_word);
        if (is_digit(c) || c == '+' || c == '-' || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1])))
            return number();
        return symbol();
    }

    Result<Lexeme> quoted(char quote, LexemeKind kind) {
        Lexeme lexeme{kind, "", column_};
        advance(1);
        while (at_ < text_.size()) {
            if (text_[at_] == quote) {
                advance(1);
                if (at_ == text_.size() || text_[at_] != quote) return lexeme;
            }
            if (text_[at_] == '\0') return filter_error(column_, "a NUL character is not allowed");
            lexeme.text += text_[at_];
            advance(1);
        }
        return filter_error(lexeme.column, std::string("the quote ") + quote + " is not closed");
    }

    Result<Lexeme> number() {
        char previous = 'e';  // a sign may stand at the beginning and behind an exponent's e
        return run(LexemeKind::number, [previous](char c) mutable {
            const bool sign = (c == '+' || c == '-') && (previous == 'e' || previous == 'E');
            previous = c;
            return sign || is_digit(c) || c == '.' || begins_word(c);
        });
    }

    template <class Predicate>
    Lexeme run(LexemeKind kind, Predicate belongs) {
        Lexeme lexeme{kind, "", column_};
        while (at_ < text_.size() && belongs(text_[at_])) {
            lexeme.text += text_[at_];
            advance(1);
        }
        return lexeme;
    }

    Result<Lexeme> symbol() {
        constexpr std::array<std::string_view, 11> symbols = {"!=", "<=", ">=", "<>", "=", "<",
                                                              ">",  "(",  ")",  ",",  "."};
        for (const std::string_view known : symbols) {
            if (!text_.substr(at_).starts_with(known)) continue;
            Lexeme lexeme{LexemeKind::symbol, std::string(known), column_};
            advance(known.size());
            return lexeme;
        }
        return filter_error(column_, "unexpected character");
    }

    void advance(std::size_t bytes) {
        for (; bytes > 0; --bytes)
            if (++at_ >= text_.size() || begins_character(text_[at_])) ++column_;
    }

    const std::string_view text_;
    std::size_t at_ = 0;  // in bytes
    Column column_ = 1;
};

// The column of the first byte that is not UTF-8.
Column first_bad_column(std::string_view text) {
    std::size_t good = text.size();
    while (!is_valid_utf8(text.substr(0, good))) --good;
    return 1 + static_cast<Column>(
                   std::count_if(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(good), begins_character));
}

}  // namespace

Result<std::vector<Lexeme>> split_filter(std::string_view text) {
    if (text.size() > max_text)
        return filter_error(1, "the text is longer than " + std::to_string(max_text) + " bytes");
    if (!is_valid_utf8(text)) return filter_error(first_bad_column(text), "the text is not UTF-8");
    return Lexer(text).split();
}

}  // namespace baton::registry
