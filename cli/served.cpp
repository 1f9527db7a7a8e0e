#include "cli/served.h"

#include <nlohmann/json.hpp>

namespace baton::cli {

Status served(const std::string& model, const Json& rule) {
    const std::string state = text(rule, "serving");
    const std::string version = model + "/" + text(rule, "version");
    if (state == "failed") {
        return Error{.code = Code::unavailable,
                     .message = version + " could not be loaded: " + text(rule, "message"),
                     .hint = "the change was made all the same: promote another version, or go back"};
    }
    if (state == "loading") {
        return Error{.code = Code::deadline_exceeded,
                     .message = version + " is still loading",
                     .hint = "the change was made all the same; baton traffic " + model + " shows when it is served"};
    }
    return {};
}

}  // namespace baton::cli
