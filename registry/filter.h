// The language of ?filter= and ?order_by=: text to syntax trees. Which fields a list has is the list's business
// (filter_sql.h).
//
//   filter     = condition { AND condition }
//   condition  = field comparison value | field [NOT] IN ( value { , value } )
//   comparison = = | != | <> | < | <= | > | >= | LIKE | ILIKE
//   field      = name | name . key          tags.team, tags."a b", tags.`a b`, metrics.roc_auc
//   value      = 'text' with '' for a quote | number
//   order      = field [ASC | DESC] { , field [ASC | DESC] }
//
// Key words may be written in any case. In LIKE and ILIKE % matches any run of characters, _ one, and \ takes the next
// as it is. All functions are pure; errors are invalid_argument and begin with "column N: ", N counting characters
// from 1.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace baton::registry {

// Where something stands in the text it was read from, in characters from 1.
using Column = std::size_t;

struct FieldName {
    std::string name;                // "tags"
    std::optional<std::string> key;  // "team"
    Column column = 1;

    std::string text() const { return key ? name + "." + *key : name; }
};

struct Literal {
    std::variant<std::int64_t, double, std::string> value;
    Column column = 1;
};

enum class Comparison { equal, not_equal, less, less_equal, greater, greater_equal, like, ilike, in, not_in };

struct Condition {
    FieldName field;
    Comparison comparison = Comparison::equal;
    Column column = 1;            // of the comparison
    std::vector<Literal> values;  // one, or for in and not_in one or more
};

// All conditions must hold; none: everything matches.
using Filter = std::vector<Condition>;
Result<Filter> parse_filter(std::string_view text);

struct OrderTerm {
    FieldName field;
    bool descending = false;
};
Result<std::vector<OrderTerm>> parse_order(std::string_view text);

Error filter_error(Column column, const std::string& message);

}  // namespace baton::registry
