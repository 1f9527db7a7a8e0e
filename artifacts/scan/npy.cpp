#include "artifacts/scan/npy.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace baton::artifacts {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::string_view digits = "0123456789";

std::optional<std::string_view> header_of(std::string_view head) {
    if (head.size() < 12) return std::nullopt;
    const std::size_t width = head[6] == 1 ? 2 : 4;  // of the length, by the major version
    std::size_t size = 0;
    for (std::size_t i = width; i-- > 0;) size = size << 8 | static_cast<unsigned char>(head[8 + i]);
    if (size > head.size() - 8 - width) return std::nullopt;
    return head.substr(8 + width, size);
}

// A type such as `|O` or `object`, or a list of types in one string. Names of fields rarely look like one.
bool names_objects(std::string_view text) {
    if (text.find("obj") != std::string_view::npos) return true;
    if (text.find(',') != std::string_view::npos) return text.find('O') != std::string_view::npos;
    if (!text.empty() && std::string_view("|<>=!").find(text.front()) != std::string_view::npos) text.remove_prefix(1);
    return text.starts_with('O') && text.find_first_not_of(digits, 1) == std::string_view::npos;
}

}  // namespace

bool is_npy(std::string_view head) { return head.starts_with(magic); }

bool npy_holds_objects(std::string_view head) {
    const auto header = header_of(head);
    // A type could hide behind an escape sequence or a prefix of a literal.
    if (!header || header->find('\\') != std::string_view::npos) return true;
    if (header->find("descr") == std::string_view::npos) return true;
    std::string_view rest = *header;
    while (true) {
        const std::size_t open = rest.find_first_of("'\"");
        if (open == std::string_view::npos) return false;
        const std::size_t close = rest.find(rest[open], open + 1);
        if (close == std::string_view::npos) return true;
        if (names_objects(rest.substr(open + 1, close - open - 1))) return true;
        // Strings that follow each other directly would be one string to Python.
        const std::size_t next = rest.find_first_not_of(" \t\r\n\f", close + 1);
        if (next == std::string_view::npos || std::string_view(",:()[]{}").find(rest[next]) == std::string_view::npos) {
            return true;
        }
        rest.remove_prefix(close + 1);
    }
}

}  // namespace baton::artifacts
