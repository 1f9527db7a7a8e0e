// Strict, single-pass reading of JSON request bodies: what the inference protocols decode with.
//
// Strict means: RFC 8259 and nothing more, well-formed UTF-8, no key twice in an object, at most json_depth_limit
// containers inside each other, no number beyond a double's range, nothing behind the value. What a reader leaves alone
// is checked as well. Every error is an invalid_argument. Functions without state; a JsonValue belongs to its reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/inference/request_memory.h"

namespace baton::server {

inline constexpr int json_depth_limit = 64;

// One value of the document, valid during the call it is handed to. Read it at most once; the readers below count as
// one reading, is_null() and its like do not. Left unread, it is checked and skipped.
struct JsonValue;

// How errors name a value: "shape of input 'x'". Kept in parts, as it is needed only when something is wrong.
struct JsonPlace {
    JsonPlace(const char* of_what) : what(of_what) {}
    JsonPlace(std::string_view of_what) : what(of_what) {}
    JsonPlace(const char* of_what, std::string_view of_name) : what(of_what), name(of_name) {}

    std::string text() const {
        return name.empty() ? std::string(what) : std::string(what) + " '" + std::string(name) + "'";
    }

    std::string_view what;
    std::string_view name = {};
};

using JsonFieldReader = std::function<Status(std::string_view key, JsonValue& value)>;
using JsonElementReader = std::function<Status(JsonValue& value)>;

// Reads a body that must be an object, field by field. The capacity of `body` may grow: the parser reads beyond its
// end. Never call it from inside a reader.
Status read_json_object(std::string& body, const JsonFieldReader& reader);
// The same for the first `size` bytes of a body that may go on with something else, which the reader must leave alone.
// The parser's own memory is counted in the limits before it is taken.
Status read_json_object(std::string& body, std::size_t size, const DecodeLimits& limits, const JsonFieldReader& reader);

// The readers of one value.
Status read_fields(JsonValue& value, const JsonPlace& place, const JsonFieldReader& reader);
Status read_elements(JsonValue& value, const JsonPlace& place, const JsonElementReader& reader);
Result<std::string_view> read_string(JsonValue& value, const JsonPlace& place);  // valid as long as the body's reading
Result<bool> read_bool(JsonValue& value, const JsonPlace& place);
Result<std::int64_t> read_integer(JsonValue& value, const JsonPlace& place);

bool is_null(JsonValue& value);
bool is_object(JsonValue& value);
bool is_number(JsonValue& value);
bool is_list_of_objects(JsonValue& value);  // judged by the first element

// For a list that cannot be read before what comes behind it is known: puts its text aside, to be read by
// read_postponed() from inside the same read_json_object().
struct PostponedList {
    std::string_view text;
    int depth = 0;
};
Result<PostponedList> postpone_list(JsonValue& value, const JsonPlace& place);
Status read_postponed(const PostponedList& list, const DecodeLimits& limits, const JsonElementReader& reader);

}  // namespace baton::server
