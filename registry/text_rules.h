// Limits on the free text that people attach to things.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "registry/objects.h"

namespace baton::registry {

// Collects what is wrong with the fields of one request, so that all of it is answered at once.
class TextCheck {
public:
    // Valid UTF-8 without NUL and of at most `max_bytes`.
    void text(std::string_view field, std::string_view value, std::size_t max_bytes = 65536);
    void required_text(std::string_view field, std::string_view value, std::size_t max_bytes);  // not empty either
    // Keys of 1 to 250 bytes without control characters, values of at most 5,000 bytes, at most 200 of them.
    void pairs(std::string_view field, const Tags& pairs);
    void pairs(std::string_view field, const std::map<std::string, std::optional<std::string>>& changes);
    void fail(std::string_view field, std::string message);

    Status status() const;  // invalid_argument with every wrong field

private:
    void key(std::string_view field, const std::string& key);

    std::vector<FieldError> errors_;
};

}  // namespace baton::registry
