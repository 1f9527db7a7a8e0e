#include "inference/tensor.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace baton::inference {
namespace {

struct TypeFacts {
    std::string_view name;
    std::size_t size;
};

// In the order of DataType.
constexpr std::array<TypeFacts, 14> kTypes{{
    {"BOOL", 1},
    {"UINT8", 1},
    {"UINT16", 2},
    {"UINT32", 4},
    {"UINT64", 8},
    {"INT8", 1},
    {"INT16", 2},
    {"INT32", 4},
    {"INT64", 8},
    {"FP16", 2},
    {"BF16", 2},
    {"FP32", 4},
    {"FP64", 8},
    {"BYTES", 0},
}};

constexpr std::size_t kMaxElements = std::size_t{1} << 62;

const TypeFacts& facts(DataType type) { return kTypes[static_cast<std::size_t>(type)]; }

std::size_t countable(const Shape& shape) {
    const auto count = element_count(shape);
    if (!count) std::abort();
    return *count;
}

}  // namespace

std::string_view data_type_name(DataType type) { return facts(type).name; }

std::optional<DataType> parse_data_type(std::string_view name) {
    const auto found = std::ranges::find(kTypes, name, &TypeFacts::name);
    if (found == kTypes.end()) return std::nullopt;
    return static_cast<DataType>(found - kTypes.begin());
}

Elements make_elements(DataType type, std::size_t count) {
    switch (type) {
        case DataType::boolean:
        case DataType::uint8:
            return std::vector<std::uint8_t>(count);
        case DataType::uint16:
        case DataType::fp16:
        case DataType::bf16:
            return std::vector<std::uint16_t>(count);
        case DataType::uint32:
            return std::vector<std::uint32_t>(count);
        case DataType::uint64:
            return std::vector<std::uint64_t>(count);
        case DataType::int8:
            return std::vector<std::int8_t>(count);
        case DataType::int16:
            return std::vector<std::int16_t>(count);
        case DataType::int32:
            return std::vector<std::int32_t>(count);
        case DataType::int64:
            return std::vector<std::int64_t>(count);
        case DataType::fp32:
            return std::vector<float>(count);
        case DataType::fp64:
            return std::vector<double>(count);
        case DataType::bytes:
            return std::vector<std::string>(count);
    }
    std::abort();
}

std::size_t element_size(DataType type) { return facts(type).size; }

std::optional<std::size_t> element_count(const Shape& shape) {
    if (std::ranges::any_of(shape, [](std::int64_t extent) { return extent < 0; })) return std::nullopt;
    if (std::ranges::find(shape, 0) != shape.end()) return 0;
    std::size_t count = 1;
    for (const std::int64_t extent : shape) {
        const auto factor = static_cast<std::size_t>(extent);
        if (count > kMaxElements / factor) return std::nullopt;
        count *= factor;
    }
    return count;
}

std::string shape_text(const Shape& shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (i > 0) text += ',';
        text += std::to_string(shape[i]);
    }
    return text + ']';
}

Tensor::Tensor(std::string name_of_tensor, DataType type, Shape shape)
    : name(std::move(name_of_tensor)),
      type_(type),
      shape_(std::move(shape)),
      size_(countable(shape_)),
      elements_(make_elements(type, size_)) {}

Tensor::Tensor(std::string name_of_tensor, DataType type, Shape shape, Elements elements)
    : name(std::move(name_of_tensor)),
      type_(type),
      shape_(std::move(shape)),
      size_(countable(shape_)),
      elements_(std::move(elements)) {
    const std::size_t count = std::visit([](const auto& given) { return given.size(); }, elements_);
    if (count != size_ || elements_.index() != make_elements(type, 0).index()) std::abort();
}

void Tensor::reshape(Shape shape) {
    if (countable(shape) != size_) std::abort();
    shape_ = std::move(shape);
}

template <class T>
std::span<T> Tensor::values() {
    auto* elements = std::get_if<std::vector<T>>(&elements_);
    if (elements == nullptr) std::abort();
    return *elements;
}

template <class T>
std::span<const T> Tensor::values() const {
    return const_cast<Tensor*>(this)->values<T>();
}

std::span<std::byte> Tensor::raw() {
    if (type_ == DataType::bytes) std::abort();
    return std::visit([](auto& elements) { return std::as_writable_bytes(std::span(elements)); }, elements_);
}

std::span<const std::byte> Tensor::raw() const { return const_cast<Tensor*>(this)->raw(); }

std::size_t bytes_of(std::span<const Tensor> tensors) {
    std::size_t sum = 0;
    for (const Tensor& tensor : tensors) {
        if (tensor.type() != DataType::bytes) {
            sum += tensor.raw().size();
            continue;
        }
        for (const std::string& value : tensor.values<std::string>()) sum += sizeof(std::string) + value.size();
    }
    return sum;
}

#define BATON_TENSOR_VALUES(T)                 \
    template std::span<T> Tensor::values<T>(); \
    template std::span<const T> Tensor::values<T>() const;
BATON_TENSOR_VALUES(std::uint8_t)
BATON_TENSOR_VALUES(std::uint16_t)
BATON_TENSOR_VALUES(std::uint32_t)
BATON_TENSOR_VALUES(std::uint64_t)
BATON_TENSOR_VALUES(std::int8_t)
BATON_TENSOR_VALUES(std::int16_t)
BATON_TENSOR_VALUES(std::int32_t)
BATON_TENSOR_VALUES(std::int64_t)
BATON_TENSOR_VALUES(float)
BATON_TENSOR_VALUES(double)
BATON_TENSOR_VALUES(std::string)
#undef BATON_TENSOR_VALUES

}  // namespace baton::inference
