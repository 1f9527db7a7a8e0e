#include "registry/storage/page_token.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/encoding.h"

namespace baton::registry::storage {
namespace {

nlohmann::json json_of(const Value& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
    if (const auto* number = std::get_if<double>(&value)) return *number;
    return std::get<std::string>(value);
}

std::optional<Value> value_of(const nlohmann::json& json) {
    if (json.is_number_unsigned() && json.get<std::uint64_t>() > INT64_MAX) return std::nullopt;
    if (json.is_number_integer()) return json.get<std::int64_t>();
    if (json.is_number_float()) return json.get<double>();
    if (json.is_string()) return json.get<std::string>();
    return std::nullopt;
}

}  // namespace

std::string encode_page_token(const PageToken& token) {
    auto list = nlohmann::json::array({token.fingerprint});
    for (const Value& value : token.values) list.push_back(json_of(value));
    std::string text = encode_base64(list.dump());
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    return text.substr(0, text.find('='));
}

std::optional<PageToken> decode_page_token(std::string_view text) {
    std::string padded(text);
    std::replace(padded.begin(), padded.end(), '-', '+');
    std::replace(padded.begin(), padded.end(), '_', '/');
    padded.append((4 - padded.size() % 4) % 4, '=');
    const auto decoded = decode_base64(padded);
    if (!decoded) return std::nullopt;
    const auto list = nlohmann::json::parse(*decoded, nullptr, false);
    if (!list.is_array() || list.empty() || !list.front().is_string()) return std::nullopt;
    PageToken token{.fingerprint = list.front().get<std::string>(), .values = {}};
    for (std::size_t i = 1; i < list.size(); ++i) {
        auto value = value_of(list[i]);
        if (!value) return std::nullopt;
        token.values.push_back(*std::move(value));
    }
    if (encode_page_token(token) != text) return std::nullopt;
    return token;
}

}  // namespace baton::registry::storage
