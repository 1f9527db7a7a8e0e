// The words of the filter language.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/filter.h"

namespace baton::registry {

enum class LexemeKind { identifier, quoted_identifier, text, number, symbol, end };

struct Lexeme {
    LexemeKind kind = LexemeKind::end;
    std::string text;  // without quotes, doubled quotes made one; of a symbol the symbol itself
    Column column = 1;
};

// The last one is always `end`, with the column behind the text. An unquoted identifier takes letters, digits, '_',
// '-', '/' and
// '.', so that `tags.a-b` is one word; it begins with a letter or '_'.
Result<std::vector<Lexeme>> split_filter(std::string_view text);

}  // namespace baton::registry
