#include "server/inference/binary_tensor.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>

namespace baton::server {
namespace {

using inference::DataType;
using inference::Shape;
using inference::Tensor;

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t length_size = sizeof(std::uint32_t);

Error misfit(const std::string& name, DataType type, const Shape& shape, std::size_t size) {
    return invalid_argument("input '" + name + "' has shape " + inference::shape_text(shape) + " of " +
                            std::string(data_type_name(type)) + ", which its " + std::to_string(size) +
                            " bytes of binary data do not fit");
}

// The next element of BYTES, taken off the front; nullopt if it is cut off.
std::optional<std::string_view> next_element(std::string_view& bytes) {
    std::uint32_t length = 0;
    if (bytes.size() < length_size) return std::nullopt;
    std::memcpy(&length, bytes.data(), length_size);
    if (bytes.size() - length_size < length) return std::nullopt;
    const std::string_view element = bytes.substr(length_size, length);
    bytes.remove_prefix(length_size + length);
    return element;
}

Result<Tensor> read_texts(std::string name, Shape shape, std::size_t count, std::string_view bytes,
                          const DecodeLimits& limits) {
    if (count > bytes.size() / length_size) return misfit(name, DataType::bytes, shape, bytes.size());
    BATON_TRY(limits.take(count * sizeof(std::string) + bytes.size()));
    const std::size_t size = bytes.size();
    Tensor tensor(std::move(name), DataType::bytes, std::move(shape));
    for (std::string& text : tensor.values<std::string>()) {
        const auto element = next_element(bytes);
        if (!element) return misfit(tensor.name, DataType::bytes, tensor.shape(), size);
        text = *element;
    }
    if (!bytes.empty()) return misfit(tensor.name, DataType::bytes, tensor.shape(), size);
    return tensor;
}

}  // namespace

Result<Tensor> read_binary_tensor(std::string name, DataType type, Shape shape, std::string_view bytes,
                                  const DecodeLimits& limits) {
    const auto count = inference::element_count(shape);
    if (!count) return misfit(name, type, shape, bytes.size());
    if (type == DataType::bytes) return read_texts(std::move(name), std::move(shape), *count, bytes, limits);
    const std::size_t size = inference::element_size(type);
    if (bytes.size() % size != 0 || bytes.size() / size != *count) return misfit(name, type, shape, bytes.size());
    if (type == DataType::boolean && std::ranges::any_of(bytes, [](char c) { return c != 0 && c != 1; })) {
        return invalid_argument("input '" + name + "': an element of BOOL is the byte 0 or 1");
    }
    BATON_TRY(limits.take(bytes.size()));
    Tensor tensor(std::move(name), type, std::move(shape));
    if (!bytes.empty()) std::memcpy(tensor.raw().data(), bytes.data(), bytes.size());
    return tensor;
}

std::size_t binary_size(const Tensor& tensor) {
    if (tensor.type() != DataType::bytes) return tensor.raw().size();
    std::size_t size = tensor.size() * length_size;
    for (const std::string& text : tensor.values<std::string>()) size += text.size();
    return size;
}

void append_binary(std::string& to, const Tensor& tensor) {
    if (tensor.type() != DataType::bytes) {
        const auto raw = tensor.raw();
        to.append(reinterpret_cast<const char*>(raw.data()), raw.size());
        return;
    }
    for (const std::string& text : tensor.values<std::string>()) {
        const auto length = static_cast<std::uint32_t>(text.size());
        to.append(reinterpret_cast<const char*>(&length), length_size).append(text);
    }
}

}  // namespace baton::server
