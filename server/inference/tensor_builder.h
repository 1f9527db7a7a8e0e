// Tensors from nested JSON lists.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "inference/tensor.h"
#include "server/inference/json_reader.h"

namespace baton::server {

// Collects the elements of one tensor, straight from the parser, and finds its shape from the nesting: memory grows
// with what was sent, never with what was declared. Numbers are exact: integers never pass through a double, and a
// fraction, a number out of the type's range or one that is not finite is refused. BYTES are JSON strings.
class TensorBuilder {
public:
    enum class Base64 { refused, accepted };  // {"b64": "..."} for an element of BYTES

    TensorBuilder(std::string name, inference::DataType type, Base64 base64 = Base64::refused);

    const std::string& name() const { return name_; }
    inference::DataType type() const { return type_; }

    // One value: an element, or lists of elements. All values given to a builder must have the same shape.
    Status append(JsonValue& value);
    Status append_base64(std::string_view text);  // one element of BYTES

    std::size_t appended() const { return appended_; }
    std::size_t size() const;                                       // elements
    const inference::Shape& value_shape() const { return shape_; }  // of each value

    // The elements as a tensor of that shape, which must have as many.
    inference::Tensor build(inference::Shape shape) &&;

private:
    struct Reading;

    std::string name_;
    inference::DataType type_;
    Base64 base64_;
    std::variant<std::vector<std::uint8_t>, std::vector<std::uint16_t>, std::vector<std::uint32_t>,
                 std::vector<std::uint64_t>, std::vector<std::int8_t>, std::vector<std::int16_t>,
                 std::vector<std::int32_t>, std::vector<std::int64_t>, std::vector<float>, std::vector<double>,
                 std::vector<std::string>>
        elements_;
    inference::Shape shape_;
    bool has_elements_ = false;  // then the number of dimensions is settled
    std::size_t appended_ = 0;
};

}  // namespace baton::server
