#include "server/inference/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <type_traits>

#include "base/encoding.h"

namespace baton::server {
namespace {

using inference::DataType;
using inference::Tensor;

void append_quoted(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    std::size_t plain = 0;  // where what is not yet copied begins
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        out.append(text, plain, i - plain);
        plain = i + 1;
        if (c == '"' || c == '\\') {
            out += {'\\', text[i]};
        } else if (c == '\n') {
            out += "\\n";
        } else {
            out += "\\u00";
            out += {digits[c >> 4], digits[c & 15]};
        }
    }
    out.append(text, plain);
    out += '"';
}

template <class T>
void append_number(std::string& out, T value) {
    if constexpr (std::is_floating_point_v<T>) {
        if (!std::isfinite(value)) {
            out += "null";
            return;
        }
    }
    std::array<char, 32> buffer;
    const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    out.append(buffer.data(), result.ptr);
}

template <class T>
Status append_numbers(std::string& out, const Tensor& tensor, std::size_t begin, std::size_t end) {
    const auto values = tensor.values<T>();
    for (std::size_t i = begin; i < end; ++i) {
        if (i > begin) out += ',';
        append_number(out, values[i]);
    }
    return {};
}

Status append_booleans(std::string& out, const Tensor& tensor, std::size_t begin, std::size_t end) {
    const auto values = tensor.values<std::uint8_t>();
    for (std::size_t i = begin; i < end; ++i) {
        if (i > begin) out += ',';
        out += values[i] != 0 ? "true" : "false";
    }
    return {};
}

Status append_texts(std::string& out, const Tensor& tensor, std::size_t begin, std::size_t end) {
    const auto values = tensor.values<std::string>();
    for (std::size_t i = begin; i < end; ++i) {
        if (i > begin) out += ',';
        if (!is_valid_utf8(values[i])) {
            return internal_error("output '" + tensor.name +
                                  "' holds bytes that are not UTF-8, so JSON cannot carry it");
        }
        append_quoted(out, values[i]);
    }
    return {};
}

Status append_base64(std::string& out, const Tensor& tensor, std::size_t begin, std::size_t end) {
    const auto values = tensor.values<std::string>();
    for (std::size_t i = begin; i < end; ++i) {
        if (i > begin) out += ',';
        out += R"({"b64":")" + encode_base64(values[i]) + R"("})";
    }
    return {};
}

}  // namespace

JsonWriter& JsonWriter::key(std::string_view name) {
    string(name);
    text_ += ':';
    return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
    comma();
    append_quoted(text_, text);
    return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
    comma();
    text_ += value ? "true" : "false";
    return *this;
}

Status JsonWriter::elements(const Tensor& tensor, std::size_t begin, std::size_t end, BytesAs bytes) {
    if (begin < end) comma();
    switch (tensor.type()) {
        case DataType::boolean:
            return append_booleans(text_, tensor, begin, end);
        case DataType::uint8:
            return append_numbers<std::uint8_t>(text_, tensor, begin, end);
        case DataType::uint16:
            return append_numbers<std::uint16_t>(text_, tensor, begin, end);
        case DataType::uint32:
            return append_numbers<std::uint32_t>(text_, tensor, begin, end);
        case DataType::uint64:
            return append_numbers<std::uint64_t>(text_, tensor, begin, end);
        case DataType::int8:
            return append_numbers<std::int8_t>(text_, tensor, begin, end);
        case DataType::int16:
            return append_numbers<std::int16_t>(text_, tensor, begin, end);
        case DataType::int32:
            return append_numbers<std::int32_t>(text_, tensor, begin, end);
        case DataType::int64:
            return append_numbers<std::int64_t>(text_, tensor, begin, end);
        case DataType::fp32:
            return append_numbers<float>(text_, tensor, begin, end);
        case DataType::fp64:
            return append_numbers<double>(text_, tensor, begin, end);
        case DataType::bytes:
            return bytes == BytesAs::text ? append_texts(text_, tensor, begin, end)
                                          : append_base64(text_, tensor, begin, end);
        case DataType::fp16:
        case DataType::bf16:
            break;
    }
    return invalid_argument("output '" + tensor.name + "' is " + std::string(data_type_name(tensor.type())) +
                            ", which JSON cannot carry");
}

JsonWriter& JsonWriter::open(char bracket) {
    comma();
    text_ += bracket;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    text_ += bracket;
    return *this;
}

// A value follows another one unless it is the first in its container or stands behind its key.
void JsonWriter::comma() {
    if (text_.empty()) return;
    const char last = text_.back();
    if (last != '{' && last != '[' && last != ':') text_ += ',';
}

std::string error_body(const Error& error) {
    constexpr std::size_t limit = 1000;
    std::string text = error.hint.empty() ? error.message : error.message + " (" + error.hint + ")";
    if (text.size() > limit) {
        std::size_t end = limit;
        while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not within a character
        text.resize(end);
        text += "...";
    }
    JsonWriter json;
    json.begin_object().key("error").string(text).end_object();
    return json.take();
}

}  // namespace baton::server
