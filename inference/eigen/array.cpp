#include "inference/eigen/array.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace baton::inference::eigen {
namespace {

constexpr std::size_t kMaxElements = std::size_t{1} << 26;

template <class From, class To>
void convert(std::span<const From> from, std::span<To> to) {
    std::ranges::transform(from, to.begin(), [](From value) { return static_cast<To>(value); });
}

template <class From>
Array widen(const Tensor& tensor) {
    Array array(std::is_floating_point_v<From> ? Kind::real : Kind::integer, tensor.shape());
    if constexpr (std::is_floating_point_v<From>) {
        convert(tensor.values<From>(), array.reals());
    } else {
        convert(tensor.values<From>(), array.integers());
    }
    return array;
}

Error wrong_kind(const Array& array, const std::string& name, DataType type) {
    return invalid_argument("the output '" + name + "' is declared " + std::string(data_type_name(type)) +
                            ", but the model computes " + std::string(kind_name(array.kind())) + " values");
}

Result<Tensor> narrow(const Array& array, Tensor tensor) {
    using Narrow = std::numeric_limits<std::int32_t>;
    const auto beyond = std::ranges::find_if(
        array.integers(), [](std::int64_t value) { return value < Narrow::min() || value > Narrow::max(); });
    if (beyond != array.integers().end()) {
        return invalid_argument("the output '" + tensor.name + "' is declared INT32, but the model computes " +
                                std::to_string(*beyond));
    }
    convert(array.integers(), tensor.values<std::int32_t>());
    return tensor;
}

}  // namespace

std::string_view kind_name(Kind kind) {
    static constexpr std::array<std::string_view, 4> kNames{"real", "integer", "boolean", "text"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::optional<Kind> kind_of(DataType type) {
    switch (type) {
        case DataType::fp32:
        case DataType::fp64:
            return Kind::real;
        case DataType::int32:
        case DataType::int64:
            return Kind::integer;
        case DataType::boolean:
            return Kind::boolean;
        case DataType::bytes:
            return Kind::text;
        default:
            return std::nullopt;
    }
}

Array::Array(Kind kind, Shape shape) : shape_(std::move(shape)) {
    const std::size_t count = element_count(shape_).value_or(0);
    switch (kind) {
        case Kind::real:
            data_.emplace<0>(count);
            break;
        case Kind::integer:
            data_.emplace<1>(count);
            break;
        case Kind::boolean:
            data_.emplace<2>(count);
            break;
        case Kind::text:
            data_.emplace<3>(count);
            break;
    }
}

Array::Array(Shape shape, std::vector<double> values) : shape_(std::move(shape)), data_(std::move(values)) {}
Array::Array(Shape shape, std::vector<std::int64_t> values) : shape_(std::move(shape)), data_(std::move(values)) {}
Array::Array(Shape shape, std::vector<std::string> values) : shape_(std::move(shape)), data_(std::move(values)) {}

std::size_t Array::size() const {
    return std::visit([](const auto& values) { return values.size(); }, data_);
}

Result<std::size_t> checked_count(const Shape& shape) {
    Shape extents = shape;
    std::ranges::replace(extents, 0, 1);
    const auto most = element_count(extents);
    if (!most || *most > kMaxElements) {
        return Error{.code = Code::too_large,
                     .message = "the model would make an array of shape " + shape_text(shape),
                     .hint = "send fewer rows at once"};
    }
    return *element_count(shape);
}

Status checked_total(std::size_t elements) {
    if (elements <= kMaxElements) return {};
    return Error{.code = Code::too_large,
                 .message = "the model needs too much memory for this request",
                 .hint = "send fewer rows at once"};
}

Result<Reals> Reals::of(const Array& array) {
    Reals result;
    switch (array.kind()) {
        case Kind::real:
            result.view_ = array.reals();
            return result;
        case Kind::integer:
            result.converted_.resize(array.size());
            convert(array.integers(), std::span<double>(result.converted_));
            break;
        case Kind::boolean:
            result.converted_.resize(array.size());
            convert(array.booleans(), std::span<double>(result.converted_));
            break;
        case Kind::text:
            return invalid_argument("a number was expected where the model has text");
    }
    result.view_ = result.converted_;
    return result;
}

std::int64_t truncate(double value) {
    constexpr double kLimit = 9223372036854775808.0;  // 2^63
    if (std::isnan(value)) return 0;
    if (value >= kLimit) return std::numeric_limits<std::int64_t>::max();
    if (value < -kLimit) return std::numeric_limits<std::int64_t>::min();
    return static_cast<std::int64_t>(value);
}

Result<Array> from_tensor(const Tensor& tensor) {
    switch (tensor.type()) {
        case DataType::fp32:
            return widen<float>(tensor);
        case DataType::fp64:
            return widen<double>(tensor);
        case DataType::int32:
            return widen<std::int32_t>(tensor);
        case DataType::int64:
            return widen<std::int64_t>(tensor);
        case DataType::boolean: {
            Array array(Kind::boolean, tensor.shape());
            std::ranges::transform(tensor.values<std::uint8_t>(), array.booleans().begin(),
                                   [](std::uint8_t value) { return static_cast<std::uint8_t>(value != 0); });
            return array;
        }
        case DataType::bytes: {
            Array array(Kind::text, tensor.shape());
            std::ranges::copy(tensor.values<std::string>(), array.texts().begin());
            return array;
        }
        default:
            return Error{
                .code = Code::unsupported_model,
                .message = "needs another engine: tensors of type " + std::string(data_type_name(tensor.type()))};
    }
}

Result<Tensor> to_tensor(const Array& array, const std::string& name, DataType type) {
    Tensor tensor(name, type, array.shape());
    switch (type) {
        case DataType::fp32:
        case DataType::fp64: {
            if (array.kind() == Kind::text) return wrong_kind(array, name, type);
            BATON_ASSIGN(const Reals numbers, Reals::of(array));
            if (type == DataType::fp32) {
                convert(numbers.values(), tensor.values<float>());
            } else {
                convert(numbers.values(), tensor.values<double>());
            }
            return tensor;
        }
        case DataType::int64:
        case DataType::int32:
            if (array.kind() != Kind::integer) return wrong_kind(array, name, type);
            if (type == DataType::int32) return narrow(array, std::move(tensor));
            convert(array.integers(), tensor.values<std::int64_t>());
            return tensor;
        case DataType::boolean:
            if (array.kind() != Kind::boolean) return wrong_kind(array, name, type);
            convert(array.booleans(), tensor.values<std::uint8_t>());
            return tensor;
        case DataType::bytes:
            if (array.kind() != Kind::text) return wrong_kind(array, name, type);
            std::ranges::copy(array.texts(), tensor.values<std::string>().begin());
            return tensor;
        default:
            return wrong_kind(array, name, type);
    }
}

}  // namespace baton::inference::eigen
