// Operators that work element by element, with broadcasting.
#include <algorithm>
#include <cmath>
#include <limits>

#include "inference/eigen/operators.h"
#include "inference/eigen/post_transform.h"

namespace baton::inference::eigen {
namespace {

// Broadcasting: dimensions are aligned at the end, and a dimension of 1 repeats.

Result<Shape> common_shape(const Shape& a, const Shape& b) {
    Shape shape(std::max(a.size(), b.size()));
    for (std::size_t i = 0; i < shape.size(); ++i) {  // counted from the end
        const std::int64_t from_a = i < a.size() ? a[a.size() - 1 - i] : 1;
        const std::int64_t from_b = i < b.size() ? b[b.size() - 1 - i] : 1;
        if (from_a != from_b && from_a != 1 && from_b != 1) {
            return invalid_argument("arrays of shapes " + shape_text(a) + " and " + shape_text(b) + " do not combine");
        }
        shape[shape.size() - 1 - i] = from_a == 1 ? from_b : from_a;
    }
    BATON_TRY(checked_count(shape));
    return shape;
}

// Steps through an array as if it had the shape `shape`; the stride of a repeated dimension is 0.
std::vector<std::size_t> strides_in(const Shape& own, const Shape& shape) {
    std::vector<std::size_t> strides(shape.size(), 0);
    std::size_t stride = 1;
    for (std::size_t i = 0; i < own.size(); ++i) {
        const std::size_t d = own.size() - 1 - i;
        if (own[d] != 1) strides[shape.size() - 1 - i] = stride;
        stride *= static_cast<std::size_t>(own[d]);
    }
    return strides;
}

// Calls f(i, j, k): element k of the result comes from elements i of a and j of b. `shape` may be larger than what the
// two alone make.
template <class F>
void for_each_pair(const Shape& a, const Shape& b, const Shape& shape, std::size_t count, F f) {
    if (count == 0) return;
    if (a == b && a == shape) {
        for (std::size_t k = 0; k < count; ++k) f(k, k, k);
        return;
    }
    const auto a_strides = strides_in(a, shape);
    const auto b_strides = strides_in(b, shape);
    const std::size_t last = shape.size() - 1;
    const auto inner = static_cast<std::size_t>(shape[last]);
    std::vector<std::int64_t> position(shape.size(), 0);
    std::size_t i = 0;
    std::size_t j = 0;
    for (std::size_t k = 0; k < count; k += inner) {
        for (std::size_t n = 0; n < inner; ++n) f(i + n * a_strides[last], j + n * b_strides[last], k + n);
        for (std::size_t d = last; d-- > 0;) {
            i += a_strides[d];
            j += b_strides[d];
            if (++position[d] < shape[d]) break;
            i -= a_strides[d] * static_cast<std::size_t>(shape[d]);
            j -= b_strides[d] * static_cast<std::size_t>(shape[d]);
            position[d] = 0;
        }
    }
}

template <class T, class R, class F>
void combine(std::span<const T> a, const Shape& a_shape, std::span<const T> b, const Shape& b_shape, const Shape& shape,
             std::span<R> result, F f) {
    for_each_pair(a_shape, b_shape, shape, result.size(),
                  [&](std::size_t i, std::size_t j, std::size_t k) { result[k] = static_cast<R>(f(a[i], b[j])); });
}

// Arithmetic. Integers wrap around instead of overflowing, and division by zero gives zero.

std::int64_t wrap(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }

struct Plus {
    double operator()(double a, double b) const { return a + b; }
    std::int64_t operator()(std::int64_t a, std::int64_t b) const { return wrap(bits(a) + bits(b)); }
};
struct Minus {
    double operator()(double a, double b) const { return a - b; }
    std::int64_t operator()(std::int64_t a, std::int64_t b) const { return wrap(bits(a) - bits(b)); }
};
struct Times {
    double operator()(double a, double b) const { return a * b; }
    std::int64_t operator()(std::int64_t a, std::int64_t b) const { return wrap(bits(a) * bits(b)); }
};
struct Over {
    double operator()(double a, double b) const { return a / b; }
    std::int64_t operator()(std::int64_t a, std::int64_t b) const {
        if (b == 0) return 0;
        return b == -1 ? wrap(0 - bits(a)) : a / b;
    }
};
struct Power {
    double operator()(double a, double b) const { return b == 2 ? a * a : std::pow(a, b); }
    std::int64_t operator()(std::int64_t a, std::int64_t b) const {
        std::int64_t result = 1;
        for (; b > 0; b /= 2, a = Times()(a, a)) {
            if (b % 2 == 1) result = Times()(result, a);
        }
        return result;
    }
};
struct Larger {
    template <class T>
    T operator()(T a, T b) const {
        return a < b ? b : a;
    }
};
struct Smaller {
    template <class T>
    T operator()(T a, T b) const {
        return b < a ? b : a;
    }
};

template <class F>
Result<Array> arithmetic(const Array& a, const Array& b) {
    BATON_ASSIGN(const Shape shape, common_shape(a.shape(), b.shape()));
    if (a.kind() == Kind::integer && b.kind() == Kind::integer) {
        Array result(Kind::integer, shape);
        combine(a.integers(), a.shape(), b.integers(), b.shape(), shape, result.integers(), F());
        return result;
    }
    BATON_ASSIGN(const Reals x, Reals::of(a));
    BATON_ASSIGN(const Reals y, Reals::of(b));
    Array result(Kind::real, shape);
    combine(x.values(), a.shape(), y.values(), b.shape(), shape, result.reals(), F());
    return result;
}

template <class F>
Result<Kernel> binary(const NodeContext&) {
    return Kernel([](const Call& call) -> Status {
        BATON_ASSIGN(Array result, arithmetic<F>(call.in(0), call.in(1)));
        call.give(std::move(result));
        return {};
    });
}

// Sum, Max, Min, Mean of any number of inputs.
template <class F, bool mean = false>
Result<Kernel> variadic(const NodeContext&) {
    return Kernel([](const Call& call) -> Status {
        Array result = call.take(0);
        for (std::size_t i = 1; i < call.inputs(); ++i) {
            if (!call.has(i)) return invalid_argument("an input is left out");
            BATON_ASSIGN(result, arithmetic<F>(result, call.in(i)));
        }
        if constexpr (mean) {
            BATON_ASSIGN(result,
                         arithmetic<Over>(result, Array({}, std::vector<double>{static_cast<double>(call.inputs())})));
        }
        call.give(std::move(result));
        return {};
    });
}

template <class F>
Result<Kernel> comparison(const NodeContext&) {
    return Kernel([](const Call& call) -> Status {
        const Array& a = call.in(0);
        const Array& b = call.in(1);
        BATON_ASSIGN(const Shape shape, common_shape(a.shape(), b.shape()));
        Array result(Kind::boolean, shape);
        if (a.kind() == Kind::text && b.kind() == Kind::text) {
            combine(a.texts(), a.shape(), b.texts(), b.shape(), shape, result.booleans(), F());
        } else if (a.kind() == Kind::integer && b.kind() == Kind::integer) {
            combine(a.integers(), a.shape(), b.integers(), b.shape(), shape, result.booleans(), F());
        } else {
            BATON_ASSIGN(const Reals x, Reals::of(a));
            BATON_ASSIGN(const Reals y, Reals::of(b));
            combine(x.values(), a.shape(), y.values(), b.shape(), shape, result.booleans(), F());
        }
        call.give(std::move(result));
        return {};
    });
}

template <class F>
Result<Kernel> logical(const NodeContext& context) {
    return Kernel([op = context.node.op()](const Call& call) -> Status {
        const Array& a = call.in(0);
        const Array& b = call.in(1);
        if (a.kind() != Kind::boolean) return cannot_take(op, a);
        if (b.kind() != Kind::boolean) return cannot_take(op, b);
        BATON_ASSIGN(const Shape shape, common_shape(a.shape(), b.shape()));
        Array result(Kind::boolean, shape);
        combine(a.booleans(), a.shape(), b.booleans(), b.shape(), shape, result.booleans(), F());
        call.give(std::move(result));
        return {};
    });
}

// One input.

struct Negative {
    double operator()(double v) const { return -v; }
    std::int64_t operator()(std::int64_t v) const { return wrap(0 - bits(v)); }
};
struct Absolute {
    template <class T>
    T operator()(T v) const {
        return v < 0 ? Negative()(v) : v;
    }
};
struct SignOf {
    template <class T>
    T operator()(T v) const {
        return static_cast<T>((v > 0) - (v < 0));
    }
};
struct Rectified {
    template <class T>
    T operator()(T v) const {
        return v < 0 ? T{0} : v;
    }
};

// Keeps integers integers.
template <class F>
Result<Kernel> number_map(const NodeContext& context) {
    return Kernel([op = context.node.op()](const Call& call) -> Status {
        Array value = call.take(0);
        if (value.kind() == Kind::real) {
            for (double& v : value.reals()) v = F()(v);
        } else if (value.kind() == Kind::integer) {
            for (std::int64_t& v : value.integers()) v = F()(v);
        } else {
            return cannot_take(op, value);
        }
        call.give(std::move(value));
        return {};
    });
}

template <double (*f)(double)>
Result<Kernel> real_map(const NodeContext& context) {
    return Kernel([op = context.node.op()](const Call& call) -> Status {
        Array value = call.take(0);
        if (value.kind() != Kind::real) return cannot_take(op, value);
        for (double& v : value.reals()) v = f(v);
        call.give(std::move(value));
        return {};
    });
}

double exponential(double v) { return std::exp(v); }
double logarithm(double v) { return std::log(v); }
double square_root(double v) { return std::sqrt(v); }
double hyperbolic_tangent(double v) { return std::tanh(v); }
double reciprocal(double v) { return 1 / v; }
double round_down(double v) { return std::floor(v); }
double round_up(double v) { return std::ceil(v); }
double round_even(double v) { return std::nearbyint(v); }
double error_function(double v) { return std::erf(v); }
double softplus(double v) { return std::max(v, 0.0) + std::log1p(std::exp(-std::abs(v))); }

Result<Kernel> logical_not(const NodeContext&) {
    return Kernel([](const Call& call) -> Status {
        Array value = call.take(0);
        if (value.kind() != Kind::boolean) return cannot_take("Not", value);
        for (std::uint8_t& v : value.booleans()) v = v == 0;
        call.give(std::move(value));
        return {};
    });
}

Result<Kernel> is_nan(const NodeContext&) {
    return Kernel([](const Call& call) -> Status {
        if (call.in(0).kind() != Kind::real) return cannot_take("IsNaN", call.in(0));
        Array result(Kind::boolean, call.in(0).shape());
        std::ranges::transform(call.in(0).reals(), result.booleans().begin(), [](double v) { return std::isnan(v); });
        call.give(std::move(result));
        return {};
    });
}

Result<Kernel> identity(const NodeContext&) {
    return Kernel([](const Call& call) -> Status {
        call.give(call.take(0));
        return {};
    });
}

// A bound of Clip from an input of one element; the fallback when it is left out.
Result<double> bound(const Call& call, std::size_t index, double fallback) {
    if (!call.has(index)) return fallback;
    BATON_ASSIGN(const Reals value, Reals::of(call.in(index)));
    if (value.values().size() != 1) return cannot_take("Clip", call.in(index));
    return value.values()[0];
}

Result<Kernel> clip(const NodeContext& context) {
    const double low = context.node.attribute_or<float>("min", -std::numeric_limits<float>::infinity());
    const double high = context.node.attribute_or<float>("max", std::numeric_limits<float>::infinity());
    return Kernel([low, high](const Call& call) -> Status {
        BATON_ASSIGN(const double from, bound(call, 1, low));
        BATON_ASSIGN(const double to, bound(call, 2, high));
        Array value = call.take(0);
        if (value.kind() != Kind::real) return cannot_take("Clip", value);
        for (double& v : value.reals()) v = std::min(std::max(v, from), to);
        call.give(std::move(value));
        return {};
    });
}

Result<Kernel> where(const NodeContext&) {
    return Kernel([](const Call& call) -> Status {
        const Array& condition = call.in(0);
        const Array& yes = call.in(1);
        const Array& no = call.in(2);
        if (condition.kind() != Kind::boolean) return cannot_take("Where", condition);
        if (yes.kind() != no.kind()) return cannot_take("Where", no);
        BATON_ASSIGN(const Shape choices, common_shape(yes.shape(), no.shape()));
        BATON_ASSIGN(const Shape shape, common_shape(condition.shape(), choices));
        Array result(yes.kind(), shape);
        // First the choice of "no" everywhere, then "yes" where the condition holds.
        result.visit([&](auto& values) {
            using Values = std::decay_t<decltype(values)>;
            const auto pick = [&](const Array& from, std::uint8_t wanted) {
                from.visit([&](const auto& source) {
                    if constexpr (std::is_same_v<std::decay_t<decltype(source)>, Values>) {
                        for_each_pair(condition.shape(), from.shape(), shape, values.size(),
                                      [&](std::size_t i, std::size_t j, std::size_t k) {
                                          if (condition.booleans()[i] == wanted) values[k] = source[j];
                                      });
                    }
                });
            };
            pick(no, 0);
            pick(yes, 1);
        });
        call.give(std::move(result));
        return {};
    });
}

}  // namespace

void add_elementwise_operators(OperatorTable& table) {
    table["Add"] = {binary<Plus>, 2, 2};
    table["Sub"] = {binary<Minus>, 2, 2};
    table["Mul"] = {binary<Times>, 2, 2};
    table["Div"] = {binary<Over>, 2, 2};
    table["Pow"] = {binary<Power>, 2, 2};
    table["Sum"] = {variadic<Plus>, 1, kManyInputs};
    table["Max"] = {variadic<Larger>, 1, kManyInputs};
    table["Min"] = {variadic<Smaller>, 1, kManyInputs};
    table["Mean"] = {variadic<Plus, true>, 1, kManyInputs};
    table["Less"] = {comparison<std::less<>>, 2, 2};
    table["LessOrEqual"] = {comparison<std::less_equal<>>, 2, 2};
    table["Greater"] = {comparison<std::greater<>>, 2, 2};
    table["GreaterOrEqual"] = {comparison<std::greater_equal<>>, 2, 2};
    table["Equal"] = {comparison<std::equal_to<>>, 2, 2};
    table["And"] = {logical<std::logical_and<>>, 2, 2};
    table["Or"] = {logical<std::logical_or<>>, 2, 2};
    table["Xor"] = {logical<std::not_equal_to<>>, 2, 2};
    table["Abs"] = {number_map<Absolute>, 1, 1};
    table["Neg"] = {number_map<Negative>, 1, 1};
    table["Sign"] = {number_map<SignOf>, 1, 1};
    table["Relu"] = {number_map<Rectified>, 1, 1};
    table["Exp"] = {real_map<exponential>, 1, 1};
    table["Log"] = {real_map<logarithm>, 1, 1};
    table["Sqrt"] = {real_map<square_root>, 1, 1};
    table["Tanh"] = {real_map<hyperbolic_tangent>, 1, 1};
    table["Sigmoid"] = {real_map<logistic>, 1, 1};
    table["Reciprocal"] = {real_map<reciprocal>, 1, 1};
    table["Floor"] = {real_map<round_down>, 1, 1};
    table["Ceil"] = {real_map<round_up>, 1, 1};
    table["Round"] = {real_map<round_even>, 1, 1};
    table["Erf"] = {real_map<error_function>, 1, 1};
    table["Softplus"] = {real_map<softplus>, 1, 1};
    table["Not"] = {logical_not, 1, 1};
    table["IsNaN"] = {is_nan, 1, 1};
    table["Identity"] = {identity, 1, 1, true};
    table["Clip"] = {clip, 1, 3};
    table["Where"] = {where, 3, 3};
}

}  // namespace baton::inference::eigen
