#include "registry/storage/field_values.h"

#include "base/clock.h"
#include "base/digest.h"
#include "registry/storage/values.h"

namespace baton::registry::storage {
namespace {

Result<Value> number_value(const Literal& literal) {
    if (const auto* integer = std::get_if<std::int64_t>(&literal.value)) return Value(*integer);
    if (const auto* number = std::get_if<double>(&literal.value)) return Value(*number);
    return filter_error(literal.column, "expected a number");
}

Result<Value> time_value(const Literal& literal) {
    if (const auto* text = std::get_if<std::string>(&literal.value)) {
        if (const auto time = parse_timestamp(*text)) return to_value(*time);
        if (const auto day = parse_timestamp(*text + "T00:00:00Z")) return to_value(*day);
    }
    return filter_error(literal.column, "expected a time such as '2026-01-31' or '2026-01-31T12:00:00Z'");
}

Result<Value> digest_value(const Literal& literal) {
    if (const auto* text = std::get_if<std::string>(&literal.value))
        if (const auto digest = Digest::parse(*text)) return to_value(*digest);
    return filter_error(literal.column, "expected a digest: 'sha256:' and 64 hex digits");
}

// PostgreSQL refuses a pattern that ends in the escape character; here it would match nothing.
bool ends_in_escape(std::string_view pattern) {
    std::size_t backslashes = 0;
    while (pattern.ends_with('\\')) {
        pattern.remove_suffix(1);
        ++backslashes;
    }
    return backslashes % 2 == 1;
}

Result<Value> text_value(const Literal& literal, bool pattern) {
    const auto* text = std::get_if<std::string>(&literal.value);
    if (text == nullptr) return filter_error(literal.column, "expected text in single quotes");
    if (pattern && ends_in_escape(*text))
        return filter_error(literal.column, "the pattern ends in the middle of an escape");
    return Value(*text);
}

Status check_comparison(FieldKind kind, const Condition& condition) {
    const Comparison comparison = condition.comparison;
    const bool pattern = comparison == Comparison::like || comparison == Comparison::ilike;
    const bool ordered = comparison == Comparison::less || comparison == Comparison::less_equal ||
                         comparison == Comparison::greater || comparison == Comparison::greater_equal;
    if (pattern && kind != FieldKind::text)
        return filter_error(condition.column,
                            "LIKE and ILIKE need a field of text; " + condition.field.text() + " is none");
    if (ordered && kind == FieldKind::digest)
        return filter_error(condition.column, condition.field.text() + " can only be compared with =, != and IN");
    return {};
}

}  // namespace

Result<std::vector<Value>> field_values(FieldKind kind, const Condition& condition) {
    BATON_TRY(check_comparison(kind, condition));
    const bool pattern = condition.comparison == Comparison::like || condition.comparison == Comparison::ilike;
    const auto convert = [&](const Literal& literal) -> Result<Value> {
        switch (kind) {
            case FieldKind::number:
                return number_value(literal);
            case FieldKind::time:
                return time_value(literal);
            case FieldKind::digest:
                return digest_value(literal);
            case FieldKind::text:
                break;
        }
        return text_value(literal, pattern);
    };
    std::vector<Value> values;
    for (const Literal& literal : condition.values) {
        BATON_ASSIGN(Value value, convert(literal));
        values.push_back(std::move(value));
    }
    return values;
}

}  // namespace baton::registry::storage
