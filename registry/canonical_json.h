// Canonical JSON (RFC 8785): one spelling for one value, so that bytes can be hashed and compared.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace baton::registry {

// `text` in quotes; only what must be escaped is. The text must be valid UTF-8.
std::string canonical_string(std::string_view text);
// A finite number as ECMAScript writes it: the shortest digits that read back as the same double.
std::string canonical_number(double number);
// Members in the order of their names in UTF-16, each value JSON already.
std::string canonical_object(const std::map<std::string, std::string>& members);
// Elements as they come, each value JSON already.
std::string canonical_array(const std::vector<std::string>& elements);
// An object with string values.
std::string canonical_strings(const std::map<std::string, std::string>& members);

}  // namespace baton::registry
