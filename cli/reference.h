// How people name a version of a model on the command line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace baton::cli {

// `credit-risk`, `credit-risk/3`, `credit-risk/latest`, `credit-risk/live`, `credit-risk/live@staging`,
// `credit-risk@champion`, `credit-risk/sha256:…`. Which names exist is the server's to say; this only takes the text
// apart.
struct Reference {
    std::string model;
    std::string
        selector;  // as the API's {ref}: "3", "live", "live@staging", "@champion", "sha256:…"; empty: only a model

    static Result<Reference> parse(std::string_view text);

    bool names_version() const { return !selector.empty(); }
    // The environment of a live reference ("production" for plain `live`); nullopt for all others.
    std::optional<std::string> live_environment() const;
    std::optional<long> number() const;
    std::string text() const;
};

// As parse, but a reference that names only a model is invalid_argument.
Result<Reference> parse_version_reference(std::string_view text);

// A request's id is a number; anything else is a reference.
std::optional<long> parse_number(std::string_view text);

}  // namespace baton::cli
