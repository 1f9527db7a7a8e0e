// Tensors from nested JSON lists.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "inference/tensor.h"
#include "server/inference/json_reader.h"
#include "server/inference/request_memory.h"

namespace baton::server {

// Collects the elements of one tensor, straight from the parser, and finds its shape from the nesting: memory grows
// with what was sent, never with what was declared, and is counted in the limits before it is taken. Numbers are exact:
// integers never pass through a double, and a fraction or a number out of the type's range is refused. BYTES are JSON
// strings.
class TensorBuilder {
public:
    // What elements may be beyond plain JSON.
    struct Dialect {
        bool base64 = false;      // {"b64": "..."} for an element of BYTES
        bool non_finite = false;  // the bare words NaN, Infinity and -Infinity for one of FP32 or FP64
    };

    TensorBuilder(std::string name, inference::DataType type, Dialect dialect, const DecodeLimits& limits);

    const std::string& name() const { return name_; }
    inference::DataType type() const { return type_; }

    // One value: an element, or lists of elements. All values given to a builder must have the same shape.
    Status append(JsonValue& value);
    Status append_base64(std::string_view text);  // one element of BYTES
    Status append_text(std::string_view cell);    // one element, as CSV has it; an empty cell is a missing value

    std::size_t appended() const { return appended_; }
    std::size_t size() const;                                       // elements
    const inference::Shape& value_shape() const { return shape_; }  // of each value

    // Moves the elements of each row of places.size(), of which there are only whole ones: number i goes to places[i].
    Status rearrange(std::span<const std::size_t> places);

    // Takes memory for so many elements at once; only a hint.
    Status reserve(std::size_t elements);

    // The elements as a tensor of that shape, which must have as many.
    inference::Tensor build(inference::Shape shape) &&;

private:
    struct Reading;

    template <class T>
    Status grow(std::vector<T>& elements, std::size_t capacity) const;

    std::string name_;
    inference::DataType type_;
    Dialect dialect_;
    DecodeLimits limits_;
    inference::Elements elements_;
    inference::Shape shape_;
    bool has_elements_ = false;  // then the number of dimensions is settled
    std::size_t appended_ = 0;
};

}  // namespace baton::server
