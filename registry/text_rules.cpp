#include "registry/text_rules.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/words.h"

namespace baton::registry {
namespace {

constexpr std::size_t max_key = 250;
constexpr std::size_t max_value = 5000;
constexpr std::size_t max_pairs = 200;

}  // namespace

void TextCheck::text(std::string_view field, std::string_view value, std::size_t max_bytes) {
    if (value.size() > max_bytes) fail(field, "is longer than " + std::to_string(max_bytes) + " bytes");
    if (!is_valid_utf8(value)) fail(field, "is not UTF-8");
    if (value.find('\0') != std::string_view::npos) fail(field, "contains a NUL character");
}

void TextCheck::required_text(std::string_view field, std::string_view value, std::size_t max_bytes) {
    if (value.empty()) fail(field, "must not be empty");
    text(field, value, max_bytes);
}

void TextCheck::key(std::string_view field, const std::string& key) {
    const bool good =
        !key.empty() && key.size() <= max_key && is_valid_utf8(key) && std::none_of(key.begin(), key.end(), is_control);
    if (!good)
        fail(field, "a key must have 1 to " + std::to_string(max_key) + " bytes of UTF-8 without control characters");
}

void TextCheck::pairs(std::string_view field, const Tags& pairs) {
    if (pairs.size() > max_pairs) fail(field, "has more than " + std::to_string(max_pairs) + " entries");
    for (const auto& [key, value] : pairs) {
        this->key(field, key);
        text(std::string(field) + "." + key, value, max_value);
    }
}

void TextCheck::pairs(std::string_view field, const std::map<std::string, std::optional<std::string>>& changes) {
    Tags values;
    for (const auto& [key, value] : changes) values.emplace(key, value.value_or(""));
    pairs(field, values);
}

void TextCheck::fail(std::string_view field, std::string message) {
    errors_.push_back({std::string(field), std::move(message)});
}

Status TextCheck::status() const {
    if (errors_.empty()) return {};
    Error error = invalid_argument(errors_.front().field + " " + errors_.front().message);
    if (errors_.size() > 1) error.message += ", and " + std::to_string(errors_.size() - 1) + " more";
    error.fields = errors_;
    return error;
}

}  // namespace baton::registry
