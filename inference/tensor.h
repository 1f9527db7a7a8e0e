// Tensors as engines and protocol codecs exchange them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace baton::inference {

// The data types of the Open Inference Protocol.
enum class DataType : std::uint8_t {
    boolean,
    uint8,
    uint16,
    uint32,
    uint64,
    int8,
    int16,
    int32,
    int64,
    fp16,
    bf16,
    fp32,
    fp64,
    bytes,
};

std::string_view data_type_name(DataType type);  // "BOOL", "FP32", "BYTES", ...
std::optional<DataType> parse_data_type(std::string_view name);
std::size_t element_size(DataType type);  // bytes of one element; 0 for bytes, whose elements differ

using Shape = std::vector<std::int64_t>;

// The number of elements; nullopt when a dimension is negative or the product overflows 2^62.
std::optional<std::size_t> element_count(const Shape& shape);
std::string shape_text(const Shape& shape);  // [-1,30]

// The elements of a tensor, in the type that Tensor::values() says for its data type.
using Elements = std::variant<std::vector<std::uint8_t>, std::vector<std::uint16_t>, std::vector<std::uint32_t>,
                              std::vector<std::uint64_t>, std::vector<std::int8_t>, std::vector<std::int16_t>,
                              std::vector<std::int32_t>, std::vector<std::int64_t>, std::vector<float>,
                              std::vector<double>, std::vector<std::string>>;
// Zeros, or empty strings.
Elements make_elements(DataType type, std::size_t count);

// A dense, row-major array that owns its elements. BOOL has one byte an element; FP16 and BF16 their raw 16 bits.
class Tensor {
public:
    Tensor() = default;
    // Zeros (or empty strings). The shape must be countable.
    Tensor(std::string name, DataType type, Shape shape);
    // Takes over the elements, which must be as many as the shape says and of the data type's kind.
    Tensor(std::string name, DataType type, Shape shape, Elements elements);

    std::string name;

    DataType type() const { return type_; }
    const Shape& shape() const { return shape_; }
    std::size_t size() const { return size_; }  // elements
    // Same elements under another shape of the same count.
    void reshape(Shape shape);

    // The elements as T, which must have the size and kind of the data type: float for FP32, std::uint8_t for BOOL,
    // std::uint16_t for FP16 and BF16, std::string for BYTES. A mismatch aborts: check type() first.
    template <class T>
    std::span<T> values();
    template <class T>
    std::span<const T> values() const;

    // The elements of a non-BYTES tensor as stored (little-endian on the machines we run on).
    std::span<std::byte> raw();
    std::span<const std::byte> raw() const;

private:
    DataType type_ = DataType::fp32;
    Shape shape_{0};
    std::size_t size_ = 0;
    Elements elements_;
};

// The memory of all elements.
std::size_t bytes_of(std::span<const Tensor> tensors);

}  // namespace baton::inference
