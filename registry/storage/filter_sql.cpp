#include "registry/storage/filter_sql.h"

#include <algorithm>

#include "base/digest.h"
#include "registry/canonical_json.h"
#include "registry/storage/field_values.h"
#include "registry/storage/page_token.h"

namespace baton::registry::storage {
namespace {

constexpr std::int64_t max_page_size = 1000;

std::string replaced(std::string_view text, std::string_view what, std::string_view with) {
    const std::size_t at = text.find(what);
    return std::string(text.substr(0, at)).append(with).append(text.substr(at + what.size()));
}

bool is_negative(Comparison comparison) {
    return comparison == Comparison::not_equal || comparison == Comparison::not_in;
}

std::string_view sql_operator(Comparison comparison) {
    switch (comparison) {
        case Comparison::equal:
            return " = ";
        case Comparison::not_equal:
            return " <> ";
        case Comparison::less:
            return " < ";
        case Comparison::less_equal:
            return " <= ";
        case Comparison::greater:
            return " > ";
        case Comparison::greater_equal:
            return " >= ";
        case Comparison::like:
        case Comparison::ilike:
            return " LIKE ";
        case Comparison::in:
            return " IN ";
        case Comparison::not_in:
            return " NOT IN ";
    }
    return "";
}

// The comparison whose negation `comparison` is.
Comparison positive(Comparison comparison) {
    return comparison == Comparison::not_in ? Comparison::in : Comparison::equal;
}

std::string known_fields(const ListDefinition& list) {
    std::string names;
    for (const ListField& field : list.fields)
        names += (names.empty() ? "" : ", ") + std::string(field.name) + (field.keyed ? ".KEY" : "");
    return names;
}

// Says which parameter of the request the error is about.
Error about(std::string_view parameter, Error error) {
    error.fields.push_back({std::string(parameter), error.message});
    error.message = std::string(parameter) + ": " + error.message;
    return error;
}

// What stands for null in an order, so that every row has a place behind which a page can begin: nulls come last.
std::string without_null(const std::string& sql, FieldKind kind, bool descending) {
    if (kind == FieldKind::text || kind == FieldKind::digest)
        return "COALESCE(" + sql + (descending ? ", '')" : ", '\U0010FFFF')");
    return "COALESCE(" + sql + (descending ? ", -1.7976931348623157e308)" : ", 1.7976931348623157e308)");
}

// A pattern of a scope as a pattern of LIKE.
std::string like_pattern(std::string_view scope) {
    std::string like;
    for (const char c : scope) {
        if (c == '%' || c == '_' || c == '\\') like += '\\';
        like += c == '*' ? '%' : c;
    }
    return like;
}

}  // namespace

Result<ListQuery> ListQuery::create(const ListDefinition& list, const PageRequest& page) {
    if (page.size < 1 || page.size > max_page_size) {
        return about("page_size", invalid_argument("must be 1 to " + std::to_string(max_page_size)));
    }
    ListQuery query(list, page);
    if (Status status = query.add_filter(); !status.ok()) return about("filter", std::move(status).error());
    if (Status status = query.add_order(); !status.ok()) return about("order_by", std::move(status).error());
    return query;
}

std::string ListQuery::parameter(const Value& value) {
    parameters_.push_back(value);
    return "$" + std::to_string(parameters_.size());
}

void ListQuery::where(std::string_view sql, const std::vector<Value>& values) {
    std::string condition(sql);
    for (const Value& value : values) condition = replaced(condition, "?", parameter(value));
    conditions_.push_back(std::move(condition));
}

void ListQuery::where_visible(std::string_view column, const Caller& caller) {
    if (caller.models.empty()) return;
    std::string any;
    for (const std::string& pattern : caller.models) {
        any += (any.empty() ? "" : " OR ") + std::string(column) + " LIKE " + parameter(like_pattern(pattern)) +
               " ESCAPE '\\'";
    }
    conditions_.push_back(std::move(any));
}

Result<const ListField*> ListQuery::find_field(const FieldName& name) const {
    const auto field = std::find_if(list_.fields.begin(), list_.fields.end(),
                                    [&](const ListField& known) { return known.name == name.name; });
    if (field == list_.fields.end() || field->keyed != name.key.has_value())
        return filter_error(name.column, "unknown field " + name.text() + "; known are " + known_fields(list_));
    return &*field;
}

std::string ListQuery::expression_of(const ListField& field, const FieldName& name) {
    if (!field.keyed) return std::string(field.expression);
    return replaced(field.expression, "$key", parameter(name.key.value_or("")));
}

Status ListQuery::add_filter() {
    BATON_ASSIGN(const Filter filter, parse_filter(page_.filter));
    for (const Condition& condition : filter) {
        BATON_ASSIGN(const ListField* field, find_field(condition.field));
        BATON_ASSIGN(const std::vector<Value> values, field_values(field->kind, condition));
        conditions_.push_back(condition_sql(*field, condition, values));
    }
    return {};
}

std::string ListQuery::condition_sql(const ListField& field, const Condition& condition,
                                     const std::vector<Value>& values) {
    const bool negated = !field.any_of.empty() && is_negative(condition.comparison);
    const Comparison comparison = negated ? positive(condition.comparison) : condition.comparison;
    std::string left = expression_of(field, condition.field);
    std::string right;
    for (const Value& value : values) right += (right.empty() ? "" : ", ") + parameter(value);
    if (comparison == Comparison::in || comparison == Comparison::not_in) right = "(" + right + ")";
    if (comparison == Comparison::ilike) {
        left = "lower(" + left + ")";
        right = "lower(" + right + ")";
    }
    if (comparison == Comparison::like || comparison == Comparison::ilike) right += " ESCAPE '\\'";
    const std::string compared = left + std::string(sql_operator(comparison)) + right;
    if (field.any_of.empty()) return compared;
    return (negated ? "NOT " : "") + replaced(field.any_of, "%", compared);
}

Status ListQuery::add_order() {
    BATON_ASSIGN(std::vector<OrderTerm> terms, parse_order(page_.order_by));
    if (terms.empty()) {
        BATON_ASSIGN(terms, parse_order(list_.default_order));
    }
    // The key makes every place unique; it runs the way of the last term so that an index can serve both.
    BATON_ASSIGN(const std::vector<OrderTerm> key, parse_order(list_.key));
    for (OrderTerm term : key) {
        const bool there = std::any_of(terms.begin(), terms.end(),
                                       [&](const OrderTerm& other) { return other.field.name == term.field.name; });
        term.descending = terms.back().descending;
        if (!there) terms.push_back(std::move(term));
    }
    for (const OrderTerm& term : terms) BATON_TRY(add_term(term));
    return {};
}

Status ListQuery::add_term(const OrderTerm& term) {
    BATON_ASSIGN(const ListField* field, find_field(term.field));
    if (!field->any_of.empty())
        return filter_error(term.field.column, term.field.text() + " has many values: a list cannot be ordered by it");
    constexpr std::size_t max_terms = 10;
    if (order_.size() == max_terms)
        return filter_error(term.field.column, "more than " + std::to_string(max_terms) + " fields");
    std::string sql = expression_of(*field, term.field);
    if (field->nullable) sql = without_null(sql, field->kind, term.descending);
    order_.push_back({std::move(sql), term.descending, field->kind});
    return {};
}

std::string ListQuery::fingerprint() const {
    Sha256 hash;
    const auto add = [&](std::string_view text) {
        hash.update(std::to_string(text.size()) + ":");
        hash.update(text);
    };
    add(list_.name);
    for (const std::string& condition : conditions_) add(condition);
    for (const Term& term : order_) add(term.sql + (term.descending ? " DESC" : ""));
    for (const Value& value : parameters_) {
        if (const auto* text = std::get_if<std::string>(&value)) add(*text);
        if (const auto* integer = std::get_if<std::int64_t>(&value)) add(std::to_string(*integer));
        if (const auto* number = std::get_if<double>(&value)) add(canonical_number(*number));
    }
    return hash.finish().hex().substr(0, 16);
}

Result<std::vector<Value>> ListQuery::start_values() const {
    if (page_.token.empty()) return std::vector<Value>{};
    auto token = decode_page_token(page_.token);
    bool fits = token && token->fingerprint == fingerprint() && token->values.size() == order_.size();
    for (std::size_t i = 0; fits && i < order_.size(); ++i) {
        const bool text = order_[i].kind == FieldKind::text || order_[i].kind == FieldKind::digest;
        fits = std::holds_alternative<std::string>(token->values[i]) == text;
    }
    if (fits) return std::move(token->values);
    return about("page_token", invalid_argument("does not belong to this list with this filter and order",
                                                "begin again without a page token"));
}

std::string ListQuery::behind_sql(const std::vector<Value>& start, std::vector<Value>& parameters) const {
    // t1 > v1, or t1 = v1 and (t2 > v2, or …). The bound on t1 alone is what an index can use.
    std::string behind;
    std::string value;
    for (std::size_t i = order_.size(); i-- > 0;) {
        parameters.push_back(start[i]);
        value = "$" + std::to_string(parameters.size());
        const std::string further = order_[i].sql + (order_[i].descending ? " < " : " > ") + value;
        behind =
            behind.empty() ? further : further + " OR (" + order_[i].sql + " = " + value + " AND (" + behind + "))";
    }
    return order_[0].sql + (order_[0].descending ? " <= " : " >= ") + value + " AND (" + behind + ")";
}

ListRows ListQuery::cut_page(std::vector<Row> rows) const {
    ListRows page{.rows = std::move(rows), .next_token = {}};
    const auto size = static_cast<std::size_t>(page_.size);
    if (page.rows.size() <= size) return page;
    page.rows.erase(page.rows.begin() + static_cast<std::ptrdiff_t>(size), page.rows.end());
    const Row& last = page.rows.back();
    PageToken token{.fingerprint = fingerprint(), .values = {}};
    for (std::size_t i = last.size() - order_.size(); i < last.size(); ++i) token.values.push_back(last.value(i));
    page.next_token = encode_page_token(token);
    return page;
}

Result<ListRows> ListQuery::run(Connection& connection, std::string_view columns, std::string_view from) const {
    BATON_ASSIGN(const std::vector<Value> start, start_values());
    std::vector<Value> parameters = parameters_;
    std::string sql = "SELECT " + std::string(columns);
    for (const Term& term : order_) sql += ", " + term.sql;
    sql += " FROM " + std::string(from) + " WHERE 1 = 1";
    for (const std::string& condition : conditions_) sql += " AND (" + condition + ")";
    if (!start.empty()) sql += " AND " + behind_sql(start, parameters);
    sql += " ORDER BY ";
    for (std::size_t i = 0; i < order_.size(); ++i)
        sql += (i == 0 ? "" : ", ") + order_[i].sql + (order_[i].descending ? " DESC" : "");
    parameters.push_back(page_.size + 1);
    sql += " LIMIT $" + std::to_string(parameters.size());
    return cut_page(connection.query(sql, parameters));
}

}  // namespace baton::registry::storage
