// Cast, and the conversions between kinds.
#include <algorithm>

#include "base/text.h"
#include "inference/eigen/operators.h"

namespace baton::inference::eigen {
namespace {

Result<Array> parse_numbers(const Array& value) {
    Array result(Kind::real, value.shape());
    for (std::size_t i = 0; i < value.size(); ++i) {
        const auto number = parse_whole<double>(value.texts()[i]);
        if (!number) return invalid_argument("a text is not a number");
        result.reals()[i] = *number;
    }
    return result;
}

Result<Array> cast_to(Array value, Kind kind) {
    if (value.kind() == kind) return value;
    if (kind == Kind::text) {
        if (value.kind() != Kind::integer) return unsupported("Cast of real numbers to text");
        Array result(Kind::text, value.shape());
        std::ranges::transform(value.integers(), result.texts().begin(),
                               [](std::int64_t v) { return std::to_string(v); });
        return result;
    }
    if (value.kind() == Kind::text) {
        BATON_ASSIGN(value, parse_numbers(value));
        return cast_to(std::move(value), kind);
    }
    Array result(kind, value.shape());
    BATON_ASSIGN(const Reals numbers, Reals::of(value));
    switch (kind) {
        case Kind::real:
            std::ranges::copy(numbers.values(), result.reals().begin());
            break;
        case Kind::integer:
            std::ranges::transform(numbers.values(), result.integers().begin(), truncate);
            break;
        default:
            std::ranges::transform(numbers.values(), result.booleans().begin(), [](double v) { return v != 0; });
    }
    return result;
}

Result<Kernel> cast(const NodeContext& context) {
    Kind kind = Kind::real;
    const auto to = context.node.attribute_or<std::int64_t>("to", 0);
    switch (to) {  // the numbers of ONNX's data types
        case 1:    // FLOAT
        case 11:
            break;  // DOUBLE
        case 6:     // INT32
        case 7:
            kind = Kind::integer;
            break;
        case 8:
            kind = Kind::text;
            break;
        case 9:
            kind = Kind::boolean;
            break;
        default:
            return unsupported("Cast to ONNX type " + std::to_string(to));
    }
    return Kernel([kind](const Call& call) -> Status {
        BATON_ASSIGN(Array value, cast_to(call.take(0), kind));
        call.give(std::move(value));
        return {};
    });
}

}  // namespace

void add_cast_operator(OperatorTable& table) { table["Cast"] = {cast, 1, 1}; }

}  // namespace baton::inference::eigen
