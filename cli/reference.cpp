#include "cli/reference.h"

#include "base/digest.h"
#include "base/text.h"

namespace baton::cli {
namespace {

constexpr std::string_view forms =
    "write NAME/3, NAME/latest, NAME/live, NAME/live@staging, NAME@alias or NAME/sha256:…";

Error bad_reference(std::string_view text, const std::string& why) {
    return invalid_argument("'" + std::string(text) + "' is no reference to a version: " + why, std::string(forms));
}

}  // namespace

std::optional<long> parse_number(std::string_view text) {
    const auto number = parse_whole<long>(text);
    return number && *number > 0 ? number : std::nullopt;
}

Result<Reference> Reference::parse(std::string_view text) {
    const std::size_t cut = text.find_first_of("/@");
    if (text.empty() || cut == 0) return bad_reference(text, "it begins with no model name");
    Reference reference{.model = std::string(text.substr(0, cut)), .selector = {}};
    if (cut == std::string_view::npos) return reference;

    const std::string_view selector = text.substr(text[cut] == '/' ? cut + 1 : cut);
    if (selector.empty() || selector == "@") return bad_reference(text, "nothing follows the model name");
    if (selector.find('/') != std::string_view::npos) return bad_reference(text, "it has a '/' too many");
    if (selector == "live@") return bad_reference(text, "no environment follows 'live@'");
    if (selector.starts_with("sha256:") && !Digest::parse(selector)) {
        return bad_reference(text, "a digest has 64 lower-case hex digits");
    }
    reference.selector = selector;
    return reference;
}

std::optional<std::string> Reference::live_environment() const {
    constexpr std::string_view prefix = "live@";
    if (selector == "live") return "production";
    if (selector.starts_with(prefix)) return selector.substr(prefix.size());
    return std::nullopt;
}

std::optional<long> Reference::number() const { return parse_number(selector); }

std::string Reference::text() const {
    if (selector.empty()) return model;
    return selector.starts_with('@') ? model + selector : model + "/" + selector;
}

Result<Reference> parse_version_reference(std::string_view text) {
    BATON_ASSIGN(Reference reference, Reference::parse(text));
    if (!reference.names_version()) return bad_reference(text, "it names a model, but no version");
    return reference;
}

}  // namespace baton::cli
