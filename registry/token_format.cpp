// The form of token secrets: a prefix that scanners for leaked secrets find, and a checksum that tells a typing error
// from a secret that was revoked, without a look into the store.
#include <algorithm>
#include <array>

#include "registry/identity.h"

namespace baton::registry {
namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::array<std::string_view, 4> prefixes = {"btp_", "bts_", "btd_", "bti_"};
constexpr std::size_t body_size = 30;
constexpr std::size_t check_size = 6;

// CRC-32 of IEEE 802.3.
std::uint32_t crc32(std::string_view text) {
    std::uint32_t crc = 0xffffffffU;
    for (const char c : text) {
        crc ^= static_cast<std::uint8_t>(c);
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
    }
    return ~crc;
}

std::string checksum(std::string_view body) {
    std::string check(check_size, alphabet.front());
    std::uint32_t rest = crc32(body);
    for (std::size_t i = check_size; i-- > 0; rest /= 62) check[i] = alphabet[rest % 62];
    return check;
}

// Divides a big-endian number by 62 in place and returns the remainder.
std::size_t divide(std::string& number) {
    unsigned remainder = 0;
    for (char& digit : number) {
        const unsigned value = remainder * 256 + static_cast<std::uint8_t>(digit);
        digit = static_cast<char>(static_cast<std::uint8_t>(value / 62));
        remainder = value % 62;
    }
    return remainder;
}

}  // namespace

std::string make_token_secret(std::string_view random_bytes) {
    // 240 random bits cut down to 179: the digits of a number this much longer are as good as unbiased.
    std::string number(random_bytes);
    std::string body;
    for (std::size_t i = 0; i < body_size; ++i) body += alphabet[divide(number)];
    return std::string(prefixes.front()) + body + checksum(body);
}

bool has_token_form(std::string_view secret) {
    const auto fits = [&](std::string_view prefix) { return secret.starts_with(prefix); };
    const auto prefix = std::find_if(prefixes.begin(), prefixes.end(), fits);
    if (prefix == prefixes.end()) return false;
    secret.remove_prefix(prefix->size());
    if (secret.size() != body_size + check_size) return false;
    if (secret.find_first_not_of(alphabet) != std::string_view::npos) return false;
    return checksum(secret.substr(0, body_size)) == secret.substr(body_size);
}

}  // namespace baton::registry
