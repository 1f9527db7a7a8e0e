// What json_reader.cpp and tensor_builder.cpp share. The only header that knows simdjson; for .cpp files of this
// folder.
#pragma once

#include <simdjson.h>

#include <string>

#include "server/inference/json_reader.h"

namespace baton::server {

struct JsonValue {
    simdjson::ondemand::value value;
    int depth = 0;  // how many containers it is in
    bool read = false;
};

inline Error malformed_json(simdjson::error_code code) {
    return invalid_argument(std::string("the body is not well-formed JSON: ") + simdjson::error_message(code));
}

// The beginning of a value that was not read, without the white space behind it. The parser gives no bound for the last
// one of a document that is cut off.
std::string_view token_of(simdjson::ondemand::value& value);

// "a string", "a list", ... for a value that was not read; for errors.
std::string describe_json(simdjson::ondemand::value& value);

Error too_deep();
inline Status check_json_depth(int depth) { return depth < json_depth_limit ? Status() : Status(too_deep()); }

}  // namespace baton::server
