// Writing JSON: the small documents of the inference protocols, and tensors fast.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/words.h"
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
    // JSON text as it is, from the middle of a value to a place where a value may begin, or to the end of one: for what
    // is the same in every answer.
    JsonWriter& verbatim(std::string_view text) {
        put(text);
        return *this;
    }
    JsonWriter& string(std::string_view text);
    JsonWriter& boolean(bool value);
    template <std::integral T>
    JsonWriter& integer(T value) {
        comma();
        number(value);
        return *this;
    }

    // The elements [begin, end) of a tensor: floating point in the shortest form that reads back to the same value,
    // null for what is not finite. invalid_argument for what has no JSON form: FP16, BF16, and BYTES as text that are
    // no UTF-8.
    Status elements(const inference::Tensor& tensor, std::size_t begin, std::size_t end, BytesAs bytes = BytesAs::text);

    void reserve(std::size_t size) { room(size); }
    std::string take();

private:
    static constexpr std::size_t longest_number = 32;  // in the shortest form that to_chars writes

    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket) {
        put(bracket);
        return *this;
    }
    // A value follows another one unless it is the first in its container or stands behind its key.
    void comma() {
        if (last_ != '\0' && last_ != '{' && last_ != '[' && last_ != ':') put(',');
    }
    void quoted(std::string_view text);
    void escaped(std::string_view text);
    template <class T>
    void number(T value) {
        char* at = room(longest_number);
        wrote(std::to_chars(at, at + longest_number, value).ptr);
    }
    Status booleans(const inference::Tensor& tensor, std::size_t begin, std::size_t end);
    template <class T>
    Status numbers(const inference::Tensor& tensor, std::size_t begin, std::size_t end);
    Status texts(const inference::Tensor& tensor, std::size_t begin, std::size_t end, BytesAs bytes);

    // Where `size` more bytes can be written; wrote() says how far they were.
    char* room(std::size_t size) {
        if (text_.size() - used_ < size) grow(size);
        return text_.data() + used_;
    }
    void wrote(const char* end) {
        used_ = static_cast<std::size_t>(end - text_.data());
        last_ = *(end - 1);
    }
    void put(char c) {
        *room(1) = last_ = c;
        ++used_;
    }
    void put(std::string_view text) { wrote(copy(text, room(text.size()))); }
    void grow(std::size_t size);

    std::string text_;  // the first used_ bytes are written
    std::size_t used_ = 0;
    char last_ = '\0';
};

// The error body of the Open Inference Protocol and of TensorFlow Serving, {"error": "..."}: the message with the hint
// behind it, cut off where it would quote too much of a hostile request. The message of an internal error goes to the
// log instead.
std::string error_body(const Error& error);
// The text in it, for protocols with an error body of their own.
std::string error_message(const Error& error);

}  // namespace baton::server
