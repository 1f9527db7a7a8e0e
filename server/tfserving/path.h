// The paths of TensorFlow Serving's REST API.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace baton::server::tfserving {

// [models/]NAME[/versions/N | /labels/LABEL][:VERB | /metadata]
struct Path {
    std::string model = {};  // empty: the list of models
    std::optional<std::string> version = {};
    std::optional<std::string> label = {};
    std::string verb = {};  // in lower case: "predict"; empty if there is none
    bool metadata = false;
};

// `path` is what stands behind /v1/, percent-decoded. Its fixed words are matched without regard to case, as the
// original does. nullopt for anything else.
std::optional<Path> parse_path(std::string_view path);

}  // namespace baton::server::tfserving
