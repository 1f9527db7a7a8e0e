// Operators along axes: sums and the like, ArgMax, Softmax.
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "inference/eigen/operators.h"
#include "inference/eigen/post_transform.h"

namespace baton::inference::eigen {
namespace {

// An array seen as [outer][axis][inner].
struct AxisView {
    std::size_t outer = 1;
    std::size_t extent = 1;
    std::size_t inner = 1;
};

AxisView view_along(const Shape& shape, std::size_t axis) {
    AxisView view;
    for (std::size_t d = 0; d < shape.size(); ++d) {
        std::size_t& part = d < axis ? view.outer : d == axis ? view.extent : view.inner;
        part *= static_cast<std::size_t>(shape[d]);
    }
    return view;
}

// Reductions take a list of values that lie `stride` apart.
struct Line {
    const double* first;
    std::size_t count;
    std::size_t stride;

    template <class F>
    double fold(double start, F f) const {
        for (std::size_t i = 0; i < count; ++i) start = f(start, first[i * stride]);
        return start;
    }
    double largest() const {
        return fold(-std::numeric_limits<double>::infinity(), [](double a, double b) { return std::max(a, b); });
    }
};

double sum(const Line& line) {
    return line.fold(0, [](double a, double b) { return a + b; });
}
double sum_of_squares(const Line& line) {
    return line.fold(0, [](double a, double b) { return a + b * b; });
}
double mean(const Line& line) { return sum(line) / static_cast<double>(line.count); }
double product(const Line& line) {
    return line.fold(1, [](double a, double b) { return a * b; });
}
double largest(const Line& line) { return line.largest(); }
double smallest(const Line& line) {
    return line.fold(std::numeric_limits<double>::infinity(), [](double a, double b) { return std::min(a, b); });
}
double norm1(const Line& line) {
    return line.fold(0, [](double a, double b) { return a + std::abs(b); });
}
double norm2(const Line& line) { return std::sqrt(sum_of_squares(line)); }
double log_sum(const Line& line) { return std::log(sum(line)); }
double log_sum_exp(const Line& line) {
    const double top = line.largest();
    if (!std::isfinite(top)) return top;
    return top + std::log(line.fold(0, [top](double a, double b) { return a + std::exp(b - top); }));
}

// The reduction along one axis, which stays with extent 1.
template <double (*f)(const Line&)>
Array reduce_axis(std::span<const double> values, Shape shape, std::size_t axis) {
    const AxisView view = view_along(shape, axis);
    shape[axis] = 1;
    Array result(Kind::real, std::move(shape));
    for (std::size_t o = 0; o < view.outer; ++o) {
        for (std::size_t i = 0; i < view.inner; ++i) {
            result.reals()[o * view.inner + i] =
                f({values.data() + o * view.extent * view.inner + i, view.extent, view.inner});
        }
    }
    return result;
}

// The axes to reduce, each once, ascending; all of them when none is named.
Result<std::vector<std::size_t>> reduced_axes(const std::vector<std::int64_t>& wanted, std::size_t rank,
                                              bool none_is_none) {
    std::vector<std::size_t> axes;
    for (const std::int64_t axis : wanted) {
        BATON_ASSIGN(const std::size_t d, resolve_axis(axis, rank));
        axes.push_back(d);
    }
    if (wanted.empty() && !none_is_none) {
        for (std::size_t d = 0; d < rank; ++d) axes.push_back(d);
    }
    std::ranges::sort(axes);
    axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
    return axes;
}

// Reductions over several axes go one axis after the other, which is right for each but the two that end in a logarithm
// or a root of a sum; for those we move to one axis first.
Array merged_axes(const Array& value, std::span<const double> values, const std::vector<std::size_t>& axes,
                  Shape& kept) {
    kept = value.shape();
    std::size_t reduced = 1;
    for (const std::size_t d : axes) {
        reduced *= static_cast<std::size_t>(kept[d]);
        kept[d] = 1;
    }
    const std::size_t rest = element_count(kept).value_or(0);
    Array merged(Kind::real, {static_cast<std::int64_t>(rest), static_cast<std::int64_t>(reduced)});
    std::vector<std::size_t> filled(rest, 0);
    for (std::size_t k = 0; k < values.size(); ++k) {
        std::size_t at = k;
        std::size_t row = 0;
        std::size_t stride = 1;
        for (std::size_t d = kept.size(); d-- > 0;) {
            const auto extent = static_cast<std::size_t>(value.shape()[d]);
            if (kept[d] != 1) row += stride * (at % extent);
            stride *= static_cast<std::size_t>(kept[d]);
            at /= extent;
        }
        merged.reals()[row * reduced + filled[row]++] = values[k];
    }
    return merged;
}

Shape without(const Shape& shape, const std::vector<std::size_t>& axes) {
    Shape rest;
    for (std::size_t d = 0; d < shape.size(); ++d) {
        if (!std::ranges::binary_search(axes, d)) rest.push_back(shape[d]);
    }
    return rest;
}

template <double (*f)(const Line&)>
Result<Array> reduce(const Array& value, const std::vector<std::size_t>& axes) {
    BATON_ASSIGN(const Reals numbers, Reals::of(value));
    if (axes.size() == 1) return reduce_axis<f>(numbers.values(), value.shape(), axes[0]);
    Shape kept;
    const Array merged = merged_axes(value, numbers.values(), axes, kept);
    Array result = reduce_axis<f>(merged.reals(), merged.shape(), 1);
    result.reshape(std::move(kept));
    return result;
}

template <double (*f)(const Line&)>
Result<Kernel> reduction(const NodeContext& context) {
    const auto axes = context.node.attribute_or<std::vector<std::int64_t>>("axes", {});
    const bool keep = context.node.attribute_or<std::int64_t>("keepdims", 1) != 0;
    const bool none_is_none = context.node.attribute_or<std::int64_t>("noop_with_empty_axes", 0) != 0;
    return Kernel([axes, keep, none_is_none](const Call& call) -> Status {
        std::vector<std::int64_t> wanted = axes;
        if (call.has(1)) {
            BATON_ASSIGN(wanted, integer_input(call, 1));
        }
        const Array& value = call.in(0);
        const bool whole = value.kind() == Kind::integer;
        BATON_ASSIGN(const auto reduced, reduced_axes(wanted, value.rank(), none_is_none));
        if (reduced.empty()) {
            call.give(call.take(0));
            return {};
        }
        BATON_ASSIGN(Array result, reduce<f>(value, reduced));
        if (!keep) result.reshape(without(result.shape(), reduced));
        if (whole) {
            Array integers(Kind::integer, result.shape());
            std::ranges::transform(result.reals(), integers.integers().begin(),
                                   [](double v) { return std::llround(v); });
            result = std::move(integers);
        }
        call.give(std::move(result));
        return {};
    });
}

// The first of equals wins unless `last`.
template <bool max>
Result<Kernel> arg_extreme(const NodeContext& context) {
    const auto axis = context.node.attribute_or<std::int64_t>("axis", 0);
    const bool keep = context.node.attribute_or<std::int64_t>("keepdims", 1) != 0;
    const bool last = context.node.attribute_or<std::int64_t>("select_last_index", 0) != 0;
    return Kernel([axis, keep, last](const Call& call) -> Status {
        const Array& value = call.in(0);
        BATON_ASSIGN(const std::size_t d, resolve_axis(axis, value.rank()));
        BATON_ASSIGN(const Reals numbers, Reals::of(value));
        const AxisView view = view_along(value.shape(), d);
        if (view.extent == 0) return cannot_take(max ? "ArgMax" : "ArgMin", value);
        Shape shape = value.shape();
        shape[d] = 1;
        Array result(Kind::integer, shape);
        for (std::size_t o = 0; o < view.outer; ++o) {
            for (std::size_t i = 0; i < view.inner; ++i) {
                const double* line = numbers.values().data() + o * view.extent * view.inner + i;
                std::size_t best = 0;
                for (std::size_t n = 1; n < view.extent; ++n) {
                    const double candidate = line[n * view.inner];
                    const double champion = line[best * view.inner];
                    if ((max ? candidate > champion : candidate < champion) || (last && candidate == champion))
                        best = n;
                }
                result.integers()[o * view.inner + i] = static_cast<std::int64_t>(best);
            }
        }
        if (!keep) result.reshape(without(shape, {d}));
        call.give(std::move(result));
        return {};
    });
}

// Before opset 13 everything from the axis on is one distribution.
template <bool logarithm>
Result<Kernel> softmax(const NodeContext& context) {
    const bool flattens = context.opset < 13;
    const auto axis = context.node.attribute_or<std::int64_t>("axis", flattens ? 1 : -1);
    return Kernel([axis, flattens](const Call& call) -> Status {
        Array value = call.take(0);
        if (value.kind() != Kind::real) return cannot_take("Softmax", value);
        BATON_ASSIGN(const std::size_t d, resolve_axis(axis, value.rank()));
        AxisView view = view_along(value.shape(), d);
        if (flattens) view = {.outer = view.outer, .extent = view.extent * view.inner, .inner = 1};
        std::vector<double> line(value.size() == 0 ? 0 : view.extent);
        for (std::size_t o = 0; o < view.outer && !line.empty(); ++o) {
            for (std::size_t i = 0; i < view.inner; ++i) {
                double* first = value.reals().data() + o * view.extent * view.inner + i;
                for (std::size_t n = 0; n < view.extent; ++n) line[n] = first[n * view.inner];
                if constexpr (logarithm) {
                    const double total = log_sum_exp({line.data(), line.size(), 1});
                    for (double& v : line) v -= total;
                } else {
                    eigen::apply(PostTransform::softmax, line);
                }
                for (std::size_t n = 0; n < view.extent; ++n) first[n * view.inner] = line[n];
            }
        }
        call.give(std::move(value));
        return {};
    });
}

}  // namespace

void add_reduction_operators(OperatorTable& table) {
    table["ReduceSum"] = {reduction<sum>, 1, 2};
    table["ReduceSumSquare"] = {reduction<sum_of_squares>, 1, 2};
    table["ReduceMean"] = {reduction<mean>, 1, 2};
    table["ReduceProd"] = {reduction<product>, 1, 2};
    table["ReduceMax"] = {reduction<largest>, 1, 2};
    table["ReduceMin"] = {reduction<smallest>, 1, 2};
    table["ReduceL1"] = {reduction<norm1>, 1, 2};
    table["ReduceL2"] = {reduction<norm2>, 1, 2};
    table["ReduceLogSum"] = {reduction<log_sum>, 1, 2};
    table["ReduceLogSumExp"] = {reduction<log_sum_exp>, 1, 2};
    table["ArgMax"] = {arg_extreme<true>, 1, 1};
    table["ArgMin"] = {arg_extreme<false>, 1, 1};
    table["Softmax"] = {softmax<false>, 1, 1};
    table["LogSoftmax"] = {softmax<true>, 1, 1};
}

}  // namespace baton::inference::eigen
