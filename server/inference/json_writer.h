// Writing JSON: the small documents of the inference protocols, and tensors fast.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "inference/tensor.h"

namespace baton::server {

// Appends values one after the other and sets the commas itself. Text given to it must be UTF-8.
class JsonWriter {
public:
    enum class BytesAs { text, base64 };  // base64: {"b64": "..."}

    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_list() { return open('['); }
    JsonWriter& end_list() { return close(']'); }
    JsonWriter& key(std::string_view name);
    JsonWriter& string(std::string_view text);
    JsonWriter& boolean(bool value);
    template <std::integral T>
    JsonWriter& integer(T value) {
        comma();
        text_ += std::to_string(value);
        return *this;
    }

    // The elements [begin, end) of a tensor: floating point in the shortest form that reads back to the same value,
    // null for what is not finite. An error (internal) if BYTES as text hold no UTF-8; (invalid_argument) for FP16 and
    // BF16, which have no JSON form.
    Status elements(const inference::Tensor& tensor, std::size_t begin, std::size_t end, BytesAs bytes = BytesAs::text);

    void reserve(std::size_t size) { text_.reserve(size); }
    std::string take() { return std::move(text_); }

private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    void comma();

    std::string text_;
};

// The error body of the Open Inference Protocol and of TensorFlow Serving, {"error": "..."}: the message with the hint
// behind it, cut off where it would quote too much of a hostile request.
std::string error_body(const Error& error);

}  // namespace baton::server
