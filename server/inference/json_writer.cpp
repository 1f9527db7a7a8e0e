#include "server/inference/json_writer.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <type_traits>

#include "base/encoding.h"
#include "server/log/log.h"

namespace baton::server {
namespace {

using inference::DataType;
using inference::Tensor;

bool needs_escapes(std::string_view text) {
    return any_word(
        text, [](std::uint64_t word) { return has_below(word, 0x20) | has_byte(word, '"') | has_byte(word, '\\'); });
}

}  // namespace

JsonWriter& JsonWriter::key(std::string_view name) {
    comma();
    quoted(name);
    put(':');
    return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
    comma();
    quoted(text);
    return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
    comma();
    put(value ? "true" : "false");
    return *this;
}

JsonWriter& JsonWriter::open(char bracket) {
    comma();
    put(bracket);
    return *this;
}

std::string JsonWriter::take() {
    text_.resize(used_);
    return std::move(text_);
}

void JsonWriter::quoted(std::string_view text) {
    if (needs_escapes(text)) return escaped(text);
    char* at = room(text.size() + 2);
    *at++ = '"';
    at = copy(text, at);
    *at++ = '"';
    wrote(at);
}

void JsonWriter::escaped(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    put('"');
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            put('\\');
            put(c);
        } else if (c == '\n') {
            put("\\n");
        } else if (code < 0x20) {
            put("\\u00");
            put(digits[code >> 4]);
            put(digits[code & 15]);
        } else {
            put(c);
        }
    }
    put('"');
}

void JsonWriter::grow(std::size_t size) { text_.resize(std::max(used_ + size, 2 * text_.size())); }

Status JsonWriter::booleans(const Tensor& tensor, std::size_t begin, std::size_t end) {
    const auto values = tensor.values<std::uint8_t>();
    for (std::size_t i = begin; i < end; ++i) {
        if (i > begin) put(',');
        put(values[i] != 0 ? "true" : "false");
    }
    return {};
}

template <class T>
Status JsonWriter::numbers(const Tensor& tensor, std::size_t begin, std::size_t end) {
    const auto values = tensor.values<T>();
    for (std::size_t i = begin; i < end; ++i) {
        if (i > begin) put(',');
        if constexpr (std::is_floating_point_v<T>) {
            std::isfinite(values[i]) ? number(values[i]) : put("null");
        } else {
            number(values[i]);
        }
    }
    return {};
}

Status JsonWriter::texts(const Tensor& tensor, std::size_t begin, std::size_t end, BytesAs bytes) {
    const auto values = tensor.values<std::string>();
    for (std::size_t i = begin; i < end; ++i) {
        if (i > begin) put(',');
        if (bytes == BytesAs::base64) {
            put(R"({"b64":")");
            put(encode_base64(values[i]));
            put(R"("})");
        } else if (is_valid_utf8(values[i])) {
            quoted(values[i]);
        } else {
            return invalid_argument(
                "output '" + tensor.name + "' holds bytes that are not UTF-8, so JSON cannot carry it",
                "ask for it in binary form with the Open Inference Protocol");
        }
    }
    return {};
}

Status JsonWriter::elements(const Tensor& tensor, std::size_t begin, std::size_t end, BytesAs bytes) {
    if (begin < end) comma();
    switch (tensor.type()) {
        case DataType::boolean:
            return booleans(tensor, begin, end);
        case DataType::uint8:
            return numbers<std::uint8_t>(tensor, begin, end);
        case DataType::uint16:
            return numbers<std::uint16_t>(tensor, begin, end);
        case DataType::uint32:
            return numbers<std::uint32_t>(tensor, begin, end);
        case DataType::uint64:
            return numbers<std::uint64_t>(tensor, begin, end);
        case DataType::int8:
            return numbers<std::int8_t>(tensor, begin, end);
        case DataType::int16:
            return numbers<std::int16_t>(tensor, begin, end);
        case DataType::int32:
            return numbers<std::int32_t>(tensor, begin, end);
        case DataType::int64:
            return numbers<std::int64_t>(tensor, begin, end);
        case DataType::fp32:
            return numbers<float>(tensor, begin, end);
        case DataType::fp64:
            return numbers<double>(tensor, begin, end);
        case DataType::bytes:
            return texts(tensor, begin, end, bytes);
        case DataType::fp16:
        case DataType::bf16:
            break;
    }
    return invalid_argument("output '" + tensor.name + "' is " + std::string(data_type_name(tensor.type())) +
                            ", which JSON cannot carry");
}

std::string error_message(const Error& error) {
    constexpr std::size_t limit = 1000;
    const bool is_bug = error.code == Code::internal;
    if (is_bug) log_failure(error.message);
    std::string text = is_bug ? "something went wrong inside Baton; the server's log has it" : error.message;
    if (!is_bug && !error.hint.empty()) text += " (" + error.hint + ")";
    if (text.size() > limit) {
        std::size_t end = limit;
        while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not within a character
        text.resize(end);
        text += "...";
    }
    return text;
}

std::string error_body(const Error& error) {
    JsonWriter json;
    json.begin_object().key("error").string(error_message(error)).end_object();
    return json.take();
}

}  // namespace baton::server
