#include "server/tfserving/path.h"

#include <algorithm>

#include "server/transport/http.h"

namespace baton::server::tfserving {
namespace {

// Takes the first segment off `rest`.
std::string_view next_segment(std::string_view& rest) {
    const std::size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
    return segment;
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
    return result;
}

// Takes `:verb` off the last segment; neither names nor labels have a colon.
bool split_verb(std::string_view& segment, bool is_last, std::string& verb) {
    const std::size_t colon = segment.find(':');
    if (colon == std::string_view::npos) return !segment.empty();
    verb = lower(segment.substr(colon + 1));
    segment = segment.substr(0, colon);
    return is_last && !segment.empty() && !verb.empty() && verb.find(':') == std::string::npos;
}

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<Path> parse_path(std::string_view path) {
    if (path.ends_with('/')) return std::nullopt;
    std::string_view rest = path;
    if (!equal_ignoring_case(next_segment(rest), "models")) return std::nullopt;
    Path parsed;
    if (rest.empty()) return parsed;

    std::string_view model = next_segment(rest);
    if (!split_verb(model, rest.empty(), parsed.verb)) return std::nullopt;
    parsed.model = model;
    if (rest.empty()) return parsed;

    std::string_view word = next_segment(rest);
    const bool is_version = equal_ignoring_case(word, "versions");
    if (is_version || equal_ignoring_case(word, "labels")) {
        std::string_view name = next_segment(rest);
        if (!split_verb(name, rest.empty(), parsed.verb)) return std::nullopt;
        if (is_version && !is_number(name)) return std::nullopt;
        (is_version ? parsed.version : parsed.label) = std::string(name);
        if (rest.empty()) return parsed;
        word = next_segment(rest);
    }
    if (!rest.empty() || !equal_ignoring_case(word, "metadata")) return std::nullopt;
    parsed.metadata = true;
    return parsed;
}

}  // namespace baton::server::tfserving
