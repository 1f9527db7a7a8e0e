// Names that cross layers as types of their own: parsed once at the edge, never passed inward as bare strings.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/digest.h"
#include "base/result.h"

namespace baton::registry {

// A checked string that cannot be mixed up with another kind of name.
template <class Kind>
class Name {
public:
    static Result<Name> parse(std::string_view text) {
        if (Status status = Kind::check(text); !status.ok()) return std::move(status).error();
        return Name(std::string(text));
    }
    // For text that was checked before, such as what the database holds.
    static Name trusted(std::string text) { return Name(std::move(text)); }

    const std::string& text() const { return text_; }
    auto operator<=>(const Name&) const = default;

private:
    explicit Name(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

// 1 to 128 characters: ASCII letters, digits, '.', '_', '-'; begins with a letter or digit; `.` and `..` are excluded
// by that.
struct ModelNameRule {
    static Status check(std::string_view text);
};
// 1 to 63 characters: lower-case letters, digits, '-', '_'; begins with a letter.
struct EnvironmentRule {
    static Status check(std::string_view text);
};
// As a model name, but no number, and not `live` (also with `live@`), `latest`.
struct AliasRule {
    static Status check(std::string_view text);
};
// 1 to 128 characters: letters, digits, '.', '_', '-', '@', '+'; begins with a letter or digit.
struct UserNameRule {
    static Status check(std::string_view text);
};

using ModelName = Name<ModelNameRule>;
using Environment = Name<EnvironmentRule>;
using Alias = Name<AliasRule>;
using UserName = Name<UserNameRule>;

inline Environment production() { return Environment::trusted("production"); }

using VersionNumber = std::int64_t;  // 1, 2, 3 …
using RequestId = std::int64_t;
using ReportId = std::int64_t;

// How a caller names a version of a model: `3`, `live`, `live@staging`, `@champion`, a full digest, or `latest`.
struct LiveIn {
    Environment environment;
};
struct Latest {};
using VersionRef = std::variant<VersionNumber, LiveIn, Alias, Digest, Latest>;
Result<VersionRef> parse_version_ref(std::string_view text);

}  // namespace baton::registry
