#include "inference/difference.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace baton::inference {
namespace {

double half_to_double(std::uint16_t bits) {
    const int exponent = (bits >> 10) & 0x1f;
    const int fraction = bits & 0x3ff;
    double value = 0;
    if (exponent == 0x1f) {
        value = fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
    } else {
        value = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 0x400, exponent - 25);
    }
    return (bits & 0x8000) != 0 ? -value : value;
}

double bfloat_to_double(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

// Integers beyond 2^53 are not equal because their nearest doubles are.
bool same_raw(const Tensor& a, const Tensor& b, std::size_t index) {
    const std::size_t size = element_size(a.type());
    return std::ranges::equal(a.raw().subspan(index * size, size), b.raw().subspan(index * size, size));
}

struct ElementDifference {
    bool differs = false;
    double distance = 0;
};

ElementDifference element_difference(const Tensor& expected, const Tensor& actual, std::size_t index,
                                     const Tolerance& tolerance) {
    if (expected.type() == DataType::bytes) {
        const bool same = expected.values<std::string>()[index] == actual.values<std::string>()[index];
        return {!same, same ? 0.0 : 1.0};
    }
    const double a = number_at(expected, index);
    const double b = number_at(actual, index);
    const bool same = is_floating(expected.type()) ? tolerance.same(a, b) : same_raw(expected, actual, index);
    const double distance = std::abs(a - b);
    return {!same, std::isfinite(distance) ? distance : 0.0};
}

std::size_t rows_of(const Tensor& tensor) {
    return tensor.shape().empty() ? 1 : static_cast<std::size_t>(tensor.shape().front());
}

}  // namespace

bool Tolerance::same(double expected, double actual) const {
    if (std::isnan(expected) || std::isnan(actual)) return std::isnan(expected) && std::isnan(actual);
    if (expected == actual) return true;
    return std::abs(expected - actual) <= absolute + relative * std::abs(expected) && std::isfinite(expected);
}

bool is_floating(DataType type) {
    return type == DataType::fp16 || type == DataType::bf16 || type == DataType::fp32 || type == DataType::fp64;
}

double number_at(const Tensor& tensor, std::size_t index) {
    switch (tensor.type()) {
        case DataType::boolean:
        case DataType::uint8:
            return tensor.values<std::uint8_t>()[index];
        case DataType::uint16:
            return tensor.values<std::uint16_t>()[index];
        case DataType::uint32:
            return tensor.values<std::uint32_t>()[index];
        case DataType::uint64:
            return static_cast<double>(tensor.values<std::uint64_t>()[index]);
        case DataType::int8:
            return tensor.values<std::int8_t>()[index];
        case DataType::int16:
            return tensor.values<std::int16_t>()[index];
        case DataType::int32:
            return tensor.values<std::int32_t>()[index];
        case DataType::int64:
            return static_cast<double>(tensor.values<std::int64_t>()[index]);
        case DataType::fp16:
            return half_to_double(tensor.values<std::uint16_t>()[index]);
        case DataType::bf16:
            return bfloat_to_double(tensor.values<std::uint16_t>()[index]);
        case DataType::fp32:
            return tensor.values<float>()[index];
        case DataType::fp64:
            return tensor.values<double>()[index];
        case DataType::bytes:
            break;
    }
    std::abort();
}

Difference difference_of(std::span<const Tensor> expected, std::span<const Tensor> actual, const Tolerance& tolerance) {
    Difference difference;
    if (expected.empty()) return difference;
    difference.rows = rows_of(expected.front());
    std::vector<bool> row_differs(difference.rows, false);
    for (const Tensor& output : expected) {
        OutputDifference& of_output = difference.outputs.emplace_back();
        of_output.name = output.name;
        const auto other = std::ranges::find(actual, output.name, &Tensor::name);
        if (other == actual.end() || other->type() != output.type() || other->shape() != output.shape()) {
            row_differs.assign(difference.rows, true);
            continue;
        }
        of_output.elements = output.size();
        for (std::size_t i = 0; i < output.size(); ++i) {
            const auto [differs, distance] = element_difference(output, *other, i, tolerance);
            of_output.largest = std::max(of_output.largest, distance);
            of_output.sum += distance;
            if (!differs) continue;
            ++of_output.differing;
            const std::size_t row =
                i / std::max<std::size_t>(output.size() / std::max<std::size_t>(rows_of(output), 1), 1);
            if (row < row_differs.size()) row_differs[row] = true;
        }
    }
    difference.rows_differing = static_cast<std::uint64_t>(std::ranges::count(row_differs, true));
    return difference;
}

}  // namespace baton::inference
