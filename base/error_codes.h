// The one table from error code to its name on the wire, HTTP status and CLI exit code.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"

namespace baton {

std::string_view code_name(Code code);
std::optional<Code> code_from_name(std::string_view name);
int http_status(Code code);
int exit_code(Code code);

}  // namespace baton
