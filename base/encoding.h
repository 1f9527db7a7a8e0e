// Text encodings that several rooms need: hex, base64, percent-encoding, UTF-8 checks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace baton {

std::string encode_hex(std::span<const std::uint8_t> bytes);
// Lower-case hex of exactly out.size() bytes; false for anything else.
bool decode_hex(std::string_view hex, std::span<std::uint8_t> out);

// Standard alphabet with padding (RFC 4648 section 4). Decoding is strict: no white space, no missing padding.
std::string encode_base64(std::string_view bytes);
std::optional<std::string> decode_base64(std::string_view text);

// Percent-encodes all but A-Z a-z 0-9 - . _ ~ and the characters in `keep`.
std::string percent_encode(std::string_view text, std::string_view keep = {});
// nullopt when a % is not followed by two hex digits. '+' stays '+'.
std::optional<std::string> percent_decode(std::string_view text);

// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view text);

}  // namespace baton
