// The JSON documents that verbs and the server exchange. Only declared here, so that headers stay light.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace baton::cli {

using Json = nlohmann::ordered_json;  // members keep the order in which the server or a file gave them

// invalid_argument names `what` ("report.json") when the bytes are no JSON document, are nested more than 100 levels
// deep or have a number that no double holds.
Result<Json> parse_json(std::string_view bytes, std::string_view what);
std::string dump(const Json& document, int indent = -1);  // broken UTF-8 is replaced, never thrown over

// For what people wrote: invalid_argument when a text in it is not UTF-8.
Result<std::string> dump_strictly(const Json& document);

// A member as text for people: strings as they are, numbers and booleans printed, anything else "".
std::string text(const Json& object, std::string_view name);
// A member, or null when there is none (or `object` is no object).
const Json& member(const Json& object, std::string_view name);
// The elements of an array member that are strings or numbers, as text.
std::vector<std::string> texts(const Json& object, std::string_view name);

}  // namespace baton::cli
