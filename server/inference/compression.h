// Content codings of inference bodies: gzip and deflate (zlib).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/inference/request_memory.h"

namespace baton::server {

enum class Coding { identity, gzip, deflate };
std::string_view coding_name(Coding coding);

// The value of Content-Encoding; nullopt for a coding, or several one over the other, that nobody here undoes.
std::optional<Coding> parse_coding(std::string_view header);
// What an Accept-Encoding prefers of the codings here; identity where it says nothing of them.
Coding accepted_coding(std::string_view header);

// A body inflates to at most that many times its size, once it is beyond a few megabytes: numbers do not compress
// better, bombs do.
inline constexpr std::size_t inflation_limit = 200;

// The content, with Request::body_padding behind it. too_large beyond `limit` or inflation_limit, invalid_argument for
// what is not one whole stream of the coding, the errors of `limits`. Memory grows with what comes out and is counted
// before it is taken.
Result<std::string> decompress(Coding coding, std::string_view body, std::size_t limit, const DecodeLimits& limits);

// The text in the coding, quickly rather than small.
std::string compress(Coding coding, std::string_view text);

}  // namespace baton::server
