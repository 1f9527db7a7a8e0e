#include "registry/canonical_json.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/encoding.h"

namespace baton::registry {
namespace {

void append_escaped(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\b':
            out += "\\b";
            return;
        case '\f':
            out += "\\f";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            break;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte < 0x20) {
        out += "\\u00" + encode_hex({&byte, 1});
    } else {
        out += c;
    }
}

// UTF-8 sorts as UTF-16 does but for one thing: what UTF-16 writes as surrogates (first byte F0 and above) comes before
// U+E000 to U+FFFF (first byte EE or EF).
bool precedes_in_utf16(std::string_view a, std::string_view b) {
    const auto rank = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte;
    };
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [&](char x, char y) { return rank(x) < rank(y); });
}

// The significant digits of a positive number, and where the point stands: 0.<digits> × 10^point.
struct Decimal {
    std::string digits;
    int point = 0;
};

Decimal shortest_decimal(double number) {
    std::array<char, 40> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::scientific).ptr;
    const std::string_view all(text.data(), static_cast<std::size_t>(end - text.data()));
    const std::size_t e = all.find('e');
    Decimal decimal;
    for (const char c : all.substr(0, e))
        if (c != '.') decimal.digits += c;
    const char* exponent = all.data() + e + (all[e + 1] == '+' ? 2 : 1);
    int value = 0;
    std::from_chars(exponent, all.data() + all.size(), value);
    decimal.point = value + 1;
    return decimal;
}

}  // namespace

std::string canonical_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) append_escaped(out, c);
    return out + '"';
}

std::string canonical_number(double number) {
    if (number == 0) return "0";
    if (number < 0) return "-" + canonical_number(-number);
    const auto [digits, point] = shortest_decimal(number);
    const int count = static_cast<int>(digits.size());
    if (count <= point && point <= 21) return digits + std::string(static_cast<std::size_t>(point - count), '0');
    if (0 < point && point <= 21)
        return digits.substr(0, static_cast<std::size_t>(point)) + "." + digits.substr(static_cast<std::size_t>(point));
    if (-6 < point && point <= 0) return "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
    const std::string exponent = (point > 0 ? "e+" : "e-") + std::to_string(std::abs(point - 1));
    return count == 1 ? digits + exponent : digits.substr(0, 1) + "." + digits.substr(1) + exponent;
}

std::string canonical_object(const std::map<std::string, std::string>& members) {
    std::vector<const std::pair<const std::string, std::string>*> sorted;
    for (const auto& member : members) sorted.push_back(&member);
    std::sort(sorted.begin(), sorted.end(),
              [](const auto* a, const auto* b) { return precedes_in_utf16(a->first, b->first); });
    std::string out = "{";
    for (const auto* member : sorted) {
        if (out.size() > 1) out += ',';
        out += canonical_string(member->first) + ":" + member->second;
    }
    return out + "}";
}

std::string canonical_array(const std::vector<std::string>& elements) {
    std::string out = "[";
    for (const std::string& element : elements) {
        if (out.size() > 1) out += ',';
        out += element;
    }
    return out + "]";
}

std::string canonical_strings(const std::map<std::string, std::string>& members) {
    std::map<std::string, std::string> quoted;
    for (const auto& [name, value] : members) quoted.emplace(name, canonical_string(value));
    return canonical_object(quoted);
}

}  // namespace baton::registry
