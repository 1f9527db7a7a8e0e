// Operators that move values about without computing with them.
#include <algorithm>
#include <limits>
#include <numeric>

#include "inference/eigen/operators.h"

namespace baton::inference::eigen {
namespace {

std::size_t extent_of(const Shape& shape, std::size_t from, std::size_t to) {
    std::size_t extent = 1;
    for (std::size_t d = from; d < to; ++d) extent *= static_cast<std::size_t>(shape[d]);
    return extent;
}

// result[k] = source[index(k)] for every element of a new array.
template <class F>
Array gather_elements(const Array& source, Shape shape, F index) {
    Array result(source.kind(), std::move(shape));
    source.visit([&](const auto& from) {
        using Values = std::decay_t<decltype(from)>;
        result.visit([&](auto& to) {
            if constexpr (std::is_same_v<std::decay_t<decltype(to)>, Values>) {
                for (std::size_t k = 0; k < to.size(); ++k) to[k] = from[index(k)];
            }
        });
    });
    return result;
}

// 0 copies the dimension of the input, one -1 takes what remains.
Result<Shape> reshaped(const Array& value, const std::vector<std::int64_t>& wanted, bool zero_is_zero) {
    Shape shape = wanted;
    std::optional<std::size_t> open;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] == 0 && !zero_is_zero && i < value.rank()) shape[i] = value.shape()[i];
        if (shape[i] != -1) continue;
        if (open) return invalid_argument("Reshape with two open dimensions");
        open = i;
        shape[i] = 1;
    }
    const auto known = element_count(shape);
    if (open && known && *known > 0 && value.size() % *known == 0) {
        shape[*open] = static_cast<std::int64_t>(value.size() / *known);
    } else if (open && known && *known == 0) {
        shape[*open] = 0;
    }
    if (element_count(shape) != value.size()) {
        return invalid_argument("Reshape of " + shape_text(value.shape()) + " to " + shape_text(wanted));
    }
    return shape;
}

Result<Kernel> reshape(const NodeContext& context) {
    const bool zero_is_zero = context.node.attribute_or<std::int64_t>("allowzero", 0) != 0;
    return Kernel([zero_is_zero](const Call& call) -> Status {
        BATON_ASSIGN(const auto wanted, integer_input(call, 1));
        BATON_ASSIGN(Shape shape, reshaped(call.in(0), wanted, zero_is_zero));
        Array value = call.take(0);
        value.reshape(std::move(shape));
        call.give(std::move(value));
        return {};
    });
}

Result<Kernel> flatten(const NodeContext& context) {
    const auto axis = context.node.attribute_or<std::int64_t>("axis", 1);
    return Kernel([axis](const Call& call) -> Status {
        const Shape& shape = call.in(0).shape();
        const auto rank = static_cast<std::int64_t>(shape.size());
        if (axis < -rank || axis > rank) return cannot_take("Flatten", call.in(0));
        const auto split = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
        const Shape flat{static_cast<std::int64_t>(extent_of(shape, 0, split)),
                         static_cast<std::int64_t>(extent_of(shape, split, shape.size()))};
        Array value = call.take(0);
        value.reshape(flat);
        call.give(std::move(value));
        return {};
    });
}

// Up to opset 12 the axes are an attribute, then an input.
Result<std::vector<std::int64_t>> axes_of(const Call& call, const std::vector<std::int64_t>& attribute) {
    if (call.has(1)) return integer_input(call, 1);
    return attribute;
}

Result<Kernel> squeeze(const NodeContext& context) {
    return Kernel(
        [axes = context.node.attribute_or<std::vector<std::int64_t>>("axes", {})](const Call& call) -> Status {
            BATON_ASSIGN(const auto wanted, axes_of(call, axes));
            Array value = call.take(0);
            std::vector<bool> drop(value.rank(), false);
            for (std::size_t d = 0; d < value.rank(); ++d) drop[d] = wanted.empty() && value.shape()[d] == 1;
            for (const std::int64_t axis : wanted) {
                BATON_ASSIGN(const std::size_t d, resolve_axis(axis, value.rank()));
                if (value.shape()[d] != 1) return cannot_take("Squeeze", value);
                drop[d] = true;
            }
            Shape shape;
            for (std::size_t d = 0; d < value.rank(); ++d) {
                if (!drop[d]) shape.push_back(value.shape()[d]);
            }
            value.reshape(std::move(shape));
            call.give(std::move(value));
            return {};
        });
}

Result<Kernel> unsqueeze(const NodeContext& context) {
    return Kernel(
        [axes = context.node.attribute_or<std::vector<std::int64_t>>("axes", {})](const Call& call) -> Status {
            BATON_ASSIGN(const auto wanted, axes_of(call, axes));
            Array value = call.take(0);
            const std::size_t rank = value.rank() + wanted.size();
            std::vector<bool> added(rank, false);
            for (const std::int64_t axis : wanted) {
                BATON_ASSIGN(const std::size_t d, resolve_axis(axis, rank));
                if (added[d]) return invalid_argument("Unsqueeze names an axis twice");
                added[d] = true;
            }
            Shape shape(rank, 1);
            std::size_t next = 0;
            for (std::size_t d = 0; d < rank; ++d) {
                if (!added[d]) shape[d] = value.shape()[next++];
            }
            value.reshape(std::move(shape));
            call.give(std::move(value));
            return {};
        });
}

Result<Kernel> concat(const NodeContext& context) {
    return Kernel([axis = context.node.attribute_or<std::int64_t>("axis", 0)](const Call& call) -> Status {
        const Array& first = call.in(0);
        BATON_ASSIGN(const std::size_t d, resolve_axis(axis, first.rank()));
        Shape shape = first.shape();
        shape[d] = 0;
        for (std::size_t i = 0; i < call.inputs(); ++i) {
            if (!call.has(i) || call.in(i).kind() != first.kind() || call.in(i).rank() != first.rank()) {
                return invalid_argument("Concat of arrays that do not fit together");
            }
            for (std::size_t other = 0; other < shape.size(); ++other) {
                if (other != d && call.in(i).shape()[other] != shape[other]) return cannot_take("Concat", call.in(i));
            }
            shape[d] += call.in(i).shape()[d];
        }
        BATON_TRY(checked_count(shape));
        Array result(first.kind(), shape);
        const std::size_t outer = extent_of(shape, 0, d);
        const std::size_t stride = extent_of(shape, d, shape.size());
        std::size_t offset = 0;
        for (std::size_t i = 0; i < call.inputs(); ++i) {
            const std::size_t width = extent_of(call.in(i).shape(), d, shape.size());
            result.visit([&](auto& to) {
                call.in(i).visit([&](const auto& from) {
                    if constexpr (std::is_same_v<std::decay_t<decltype(from)>, std::decay_t<decltype(to)>>) {
                        for (std::size_t o = 0; o < outer; ++o) {
                            std::copy_n(from.begin() + o * width, width, to.begin() + o * stride + offset);
                        }
                    }
                });
            });
            offset += width;
        }
        call.give(std::move(result));
        return {};
    });
}

// One dimension of a Slice: `count` elements from `start`, `step` apart.
struct Range {
    std::int64_t start = 0;
    std::int64_t step = 1;
    std::int64_t count = 0;
};

Range range_of(std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t extent) {
    const auto from_end = [extent](std::int64_t value) {
        return value < 0 ? std::max<std::int64_t>(value, -extent - 1) + extent : value;
    };
    Range range{.start = from_end(start), .step = step};
    std::int64_t stop = from_end(end);
    if (step > 0) {
        range.start = std::clamp<std::int64_t>(range.start, 0, extent);
        stop = std::clamp<std::int64_t>(stop, 0, extent);
        if (stop > range.start) range.count = (stop - range.start - 1) / step + 1;
    } else {
        range.start = std::clamp<std::int64_t>(range.start, -1, extent - 1);
        stop = std::clamp<std::int64_t>(stop, -1, extent - 1);
        if (range.start > stop) range.count = (range.start - stop - 1) / -step + 1;
    }
    return range;
}

struct SliceArguments {
    std::vector<std::int64_t> starts, ends, axes, steps;
};

Result<SliceArguments> slice_arguments(const Call& call, const SliceArguments& attributes) {
    SliceArguments arguments = attributes;
    if (call.inputs() > 1) {
        BATON_ASSIGN(arguments.starts, integer_input(call, 1));
        BATON_ASSIGN(arguments.ends, integer_input(call, 2));
        arguments.axes.clear();
    }
    if (call.has(3)) {
        BATON_ASSIGN(arguments.axes, integer_input(call, 3));
    }
    if (call.has(4)) {
        BATON_ASSIGN(arguments.steps, integer_input(call, 4));
    }
    const std::size_t count = arguments.starts.size();
    if (arguments.axes.empty()) {
        arguments.axes.resize(count);
        std::iota(arguments.axes.begin(), arguments.axes.end(), 0);
    }
    if (arguments.steps.empty()) arguments.steps.assign(count, 1);
    const auto bad_step = [](std::int64_t step) {
        return step == 0 || step == std::numeric_limits<std::int64_t>::min();
    };
    if (arguments.ends.size() != count || arguments.axes.size() != count || arguments.steps.size() != count ||
        std::ranges::any_of(arguments.steps, bad_step)) {
        return invalid_argument("Slice with bounds that do not fit together");
    }
    return arguments;
}

Result<Kernel> slice(const NodeContext& context) {
    const auto attribute = [&](const char* name) {
        return context.node.attribute_or<std::vector<std::int64_t>>(name, {});
    };
    const SliceArguments attributes{attribute("starts"), attribute("ends"), attribute("axes"), {}};
    return Kernel([attributes](const Call& call) -> Status {
        BATON_ASSIGN(const SliceArguments arguments, slice_arguments(call, attributes));
        const Array& value = call.in(0);
        std::vector<Range> ranges(value.rank());
        for (std::size_t d = 0; d < value.rank(); ++d) ranges[d].count = value.shape()[d];
        for (std::size_t i = 0; i < arguments.starts.size(); ++i) {
            BATON_ASSIGN(const std::size_t d, resolve_axis(arguments.axes[i], value.rank()));
            ranges[d] = range_of(arguments.starts[i], arguments.ends[i], arguments.steps[i], value.shape()[d]);
        }
        Shape shape;
        for (const Range& range : ranges) shape.push_back(range.count);
        call.give(gather_elements(value, shape, [&](std::size_t k) {
            std::size_t index = 0;
            std::size_t stride = 1;
            for (std::size_t d = shape.size(); d-- > 0;) {
                const auto position = static_cast<std::int64_t>(k % static_cast<std::size_t>(shape[d]));
                k /= static_cast<std::size_t>(shape[d]);
                index += stride * static_cast<std::size_t>(ranges[d].start + position * ranges[d].step);
                stride *= static_cast<std::size_t>(value.shape()[d]);
            }
            return index;
        }));
        return {};
    });
}

Result<Kernel> transpose(const NodeContext& context) {
    return Kernel(
        [order = context.node.attribute_or<std::vector<std::int64_t>>("perm", {})](const Call& call) -> Status {
            const Array& value = call.in(0);
            std::vector<std::size_t> source(value.rank());
            for (std::size_t d = 0; d < source.size(); ++d) source[d] = source.size() - 1 - d;
            if (!order.empty()) {
                std::vector<bool> seen(value.rank(), false);
                if (order.size() != value.rank()) return cannot_take("Transpose", value);
                for (std::size_t d = 0; d < order.size(); ++d) {
                    BATON_ASSIGN(source[d], resolve_axis(order[d], value.rank()));
                    if (seen[source[d]]) return invalid_argument("Transpose names an axis twice");
                    seen[source[d]] = true;
                }
            }
            Shape shape;
            for (const std::size_t d : source) shape.push_back(value.shape()[d]);
            call.give(gather_elements(value, shape, [&](std::size_t k) {
                std::size_t index = 0;
                for (std::size_t d = shape.size(); d-- > 0;) {
                    const std::size_t position = k % static_cast<std::size_t>(shape[d]);
                    k /= static_cast<std::size_t>(shape[d]);
                    index += position * extent_of(value.shape(), source[d] + 1, value.rank());
                }
                return index;
            }));
            return {};
        });
}

// Along `axis`, the elements at `indices`; the shape of the indices takes the place of that dimension.
Result<Array> gather_along(const Array& value, std::size_t axis, const Array& indices, Shape shape) {
    BATON_TRY(checked_count(shape));
    const std::int64_t extent = value.shape()[axis];
    std::vector<std::size_t> positions;
    for (const std::int64_t index : indices.integers()) {
        if (index < -extent || index >= extent) return invalid_argument("an index is out of range");
        positions.push_back(static_cast<std::size_t>(index < 0 ? index + extent : index));
    }
    const std::size_t inner = extent_of(value.shape(), axis + 1, value.rank());
    return gather_elements(value, std::move(shape), [&](std::size_t k) {
        const std::size_t at = k / inner;
        return (at / positions.size() * static_cast<std::size_t>(extent) + positions[at % positions.size()]) * inner +
               k % inner;
    });
}

Result<Kernel> gather(const NodeContext& context) {
    return Kernel([axis = context.node.attribute_or<std::int64_t>("axis", 0)](const Call& call) -> Status {
        const Array& value = call.in(0);
        const Array& indices = call.in(1);
        if (indices.kind() != Kind::integer) return cannot_take("Gather", indices);
        BATON_ASSIGN(const std::size_t d, resolve_axis(axis, value.rank()));
        Shape shape = value.shape();
        shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(d));
        shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(d), indices.shape().begin(), indices.shape().end());
        BATON_ASSIGN(Array result, gather_along(value, d, indices, std::move(shape)));
        call.give(std::move(result));
        return {};
    });
}

// Takes columns: the last dimension at these indices. A vector becomes one row.
Result<Kernel> array_feature_extractor(const NodeContext&) {
    return Kernel([](const Call& call) -> Status {
        const Array& value = call.in(0);
        const Array& indices = call.in(1);
        if (indices.kind() != Kind::integer || value.rank() == 0) {
            return cannot_take("ai.onnx.ml.ArrayFeatureExtractor", indices);
        }
        Shape shape = value.shape();
        if (shape.size() == 1) shape.insert(shape.begin(), 1);
        shape.back() = static_cast<std::int64_t>(indices.size());
        BATON_ASSIGN(Array result, gather_along(value, value.rank() - 1, indices, std::move(shape)));
        call.give(std::move(result));
        return {};
    });
}

Result<Kernel> shape_of(const NodeContext&) {
    return Kernel([](const Call& call) -> Status {
        const Shape& shape = call.in(0).shape();
        call.give(Array({static_cast<std::int64_t>(shape.size())}, std::vector<std::int64_t>(shape)));
        return {};
    });
}

Result<Kernel> constant_of_shape(const NodeContext& context) {
    Array value({1}, std::vector<double>{0});
    if (const auto* tensor = context.node.attribute<Tensor>("value")) {
        BATON_ASSIGN(value, from_tensor(*tensor));
        if (value.size() != 1) return bad_attributes(context.node, "its value must be one element");
    }
    return Kernel([value](const Call& call) -> Status {
        BATON_ASSIGN(const auto shape, integer_input(call, 0));
        BATON_TRY(checked_count(shape));
        call.give(gather_elements(value, shape, [](std::size_t) { return std::size_t{0}; }));
        return {};
    });
}

Result<Kernel> constant(const NodeContext& context) {
    Array value;
    const onnx::Node& node = context.node;
    if (const auto* tensor = node.attribute<Tensor>("value")) {
        BATON_ASSIGN(value, from_tensor(*tensor));
    } else if (const auto* integer = node.attribute<std::int64_t>("value_int")) {
        value = Array({}, std::vector<std::int64_t>{*integer});
    } else if (const auto* real = node.attribute<float>("value_float")) {
        value = Array({}, std::vector<double>{*real});
    } else if (const auto* integers = node.attribute<std::vector<std::int64_t>>("value_ints")) {
        value = Array({static_cast<std::int64_t>(integers->size())}, *integers);
    } else if (const auto* reals = node.attribute<std::vector<float>>("value_floats")) {
        value = Array({static_cast<std::int64_t>(reals->size())}, std::vector<double>(reals->begin(), reals->end()));
    } else {
        return unsupported("Constant without a plain value");
    }
    return Kernel([value](const Call& call) -> Status {
        call.give(value);
        return {};
    });
}

}  // namespace

void add_shape_operators(OperatorTable& table) {
    table["Reshape"] = {reshape, 2, 2, true};
    table["Flatten"] = {flatten, 1, 1, true};
    table["Squeeze"] = {squeeze, 1, 2, true};
    table["Unsqueeze"] = {unsqueeze, 1, 2, true};
    table["Concat"] = {concat, 1, kManyInputs, true};
    table["Slice"] = {slice, 1, 5, true};
    table["Transpose"] = {transpose, 1, 1, true};
    table["Gather"] = {gather, 2, 2, true};
    table["Shape"] = {shape_of, 1, 1};
    table["Constant"] = {constant, 0, 0};
    table["ConstantOfShape"] = {constant_of_shape, 1, 1};
    table["ai.onnx.ml.ArrayFeatureExtractor"] = {array_feature_extractor, 2, 2, true};
}

}  // namespace baton::inference::eigen
