#include "registry/names.h"

#include <algorithm>

#include "base/text.h"

namespace baton::registry {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }

// Letters, digits and the characters of `extra`; begins with a letter or digit.
bool is_plain_name(std::string_view text, std::size_t max_size, std::string_view extra) {
    if (text.empty() || text.size() > max_size) return false;
    if (!is_letter(text.front()) && !is_digit(text.front())) return false;
    return std::all_of(text.begin(), text.end(),
                       [&](char c) { return is_letter(c) || is_digit(c) || extra.find(c) != std::string_view::npos; });
}

bool is_number(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_digit); }

// Names come from outside: what an error repeats of them is kept short.
std::string shown(std::string_view text) {
    constexpr std::size_t limit = 40;
    return "'" + std::string(text.substr(0, limit)) + (text.size() > limit ? "…'" : "'");
}

Error bad_name(std::string_view what, std::string_view text, std::string_view rule) {
    return invalid_argument(std::string(what) + " " + shown(text) + " is not allowed: " + std::string(rule));
}

Result<VersionRef> parse_number(std::string_view text) {
    const auto number = parse_whole<VersionNumber>(text);
    if (number && !text.starts_with('0')) return VersionRef(*number);
    return invalid_argument("version " + shown(text) + " is out of range: versions are 1, 2, 3 …");
}

}  // namespace

Status ModelNameRule::check(std::string_view text) {
    if (is_plain_name(text, 128, "._-")) return {};
    return bad_name("model name", text, "1 to 128 letters, digits, '.', '_' and '-', beginning with a letter or digit");
}

Status EnvironmentRule::check(std::string_view text) {
    const bool good = !text.empty() && text.size() <= 63 && is_lower(text.front()) &&
                      std::all_of(text.begin(), text.end(),
                                  [](char c) { return is_lower(c) || is_digit(c) || c == '-' || c == '_'; });
    if (good) return {};
    return bad_name("environment", text, "1 to 63 lower-case letters, digits, '-' and '_', beginning with a letter");
}

Status AliasRule::check(std::string_view text) {
    if (!is_plain_name(text, 128, "._-")) {
        return bad_name("alias", text, "1 to 128 letters, digits, '.', '_' and '-', beginning with a letter or digit");
    }
    if (is_number(text)) return bad_name("alias", text, "numbers stand for versions");
    if (text == "live" || text == "latest") return bad_name("alias", text, "the word is reserved");
    return {};
}

Status UserNameRule::check(std::string_view text) {
    if (is_plain_name(text, 128, "._-@+")) return {};
    return bad_name("user name", text,
                    "1 to 128 letters, digits, '.', '_', '-', '@' and '+', beginning with a letter or digit");
}

Result<VersionRef> parse_version_ref(std::string_view text) {
    constexpr std::string_view live_at = "live@";
    if (is_number(text)) return parse_number(text);
    if (text == "latest") return VersionRef(Latest{});
    if (text == "live") return VersionRef(LiveIn{production()});
    if (text.starts_with(live_at)) {
        BATON_ASSIGN(Environment environment, Environment::parse(text.substr(live_at.size())));
        return VersionRef(LiveIn{std::move(environment)});
    }
    if (text.starts_with('@')) {
        BATON_ASSIGN(Alias alias, Alias::parse(text.substr(1)));
        return VersionRef(std::move(alias));
    }
    if (const auto digest = Digest::parse(text)) return VersionRef(*digest);
    return invalid_argument("version " + shown(text) + " is not understood",
                            "write a number, live, live@ENVIRONMENT, @ALIAS, latest or a digest sha256:…");
}

}  // namespace baton::registry
