// Lists as SQL: filter, order and pages over a table of fields. Every list of the registry is one ListDefinition and
// one ListQuery; the user's text reaches the statement only as parameters.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "registry/caller.h"
#include "registry/filter.h"
#include "registry/paging.h"
#include "registry/storage/database.h"

namespace baton::registry::storage {

enum class FieldKind {
    text,
    number,  // whole or not
    time,    // a column of microseconds, written as RFC 3339 text or a date
    digest,  // a column of hex digits, written sha256:…; can only be equal, unequal or in a list
};

struct ListField {
    std::string_view name;  // "stage"
    FieldKind kind = FieldKind::text;
    std::string_view expression;  // SQL of its value: "v.stage". With `keyed`, `$key` stands in it for the key
    bool keyed = false;           // written name.key: tags.team
    bool nullable = false;        // a comparison with null never holds; in an order nulls come last
    // For a field with many values, the SQL around the comparison of one of them, which goes where `%` stands:
    // "EXISTS (SELECT 1 FROM aliases a WHERE a.model = v.model AND %)". It is equal when any is, unequal when none is
    // equal; lists cannot be ordered by it.
    std::string_view any_of = {};
};

// Constant data; the views must outlive it.
struct ListDefinition {
    std::string_view name;  // "versions": in page tokens
    std::span<const ListField> fields;
    std::string_view default_order;  // in the language of order_by
    std::string_view key;            // the fields, in the same language, that make a row unique
};

struct ListRows {
    std::vector<Row> rows;
    std::string next_token;
};

// One page of a list. Stable under inserts: a page begins behind the last row of the one before, wherever that is by
// then. Not thread-safe.
class ListQuery {
public:
    // invalid_argument: size, filter, order. Errors of filter and order say the column and, for an unknown field, the
    // known ones.
    static Result<ListQuery> create(const ListDefinition& list, const PageRequest& page);

    // A further condition; each `?` in it stands for one of `values`.
    void where(std::string_view sql, const std::vector<Value>& values = {});
    // Only rows whose `column` holds a model name that the caller may see.
    void where_visible(std::string_view column, const Caller& caller);

    // SELECT `columns` FROM `from` … The rows have further columns behind those asked for.
    // invalid_argument: a page token of another list, filter, order or condition.
    Result<ListRows> run(Connection& connection, std::string_view columns, std::string_view from) const;

private:
    struct Term {
        std::string sql;
        bool descending = false;
        FieldKind kind = FieldKind::text;
    };

    ListQuery(const ListDefinition& list, const PageRequest& page) : list_(list), page_(page) {}
    Status add_filter();
    Status add_order();
    Status add_term(const OrderTerm& term);
    Result<const ListField*> find_field(const FieldName& name) const;
    std::string expression_of(const ListField& field, const FieldName& name);
    std::string condition_sql(const ListField& field, const Condition& condition, const std::vector<Value>& values);
    std::string parameter(const Value& value);  // $n
    std::string fingerprint() const;
    Result<std::vector<Value>> start_values() const;  // of the page token; empty on the first page

    // The condition that a row comes behind the start; adds its parameters.
    std::string behind_sql(const std::vector<Value>& start, std::vector<Value>& parameters) const;
    ListRows cut_page(std::vector<Row> rows) const;  // one row too many says that there is a next page

    const ListDefinition& list_;
    PageRequest page_;
    std::vector<std::string> conditions_;
    std::vector<Value> parameters_;
    std::vector<Term> order_;
};

}  // namespace baton::registry::storage
