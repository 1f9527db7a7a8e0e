// The versions and models that people name on the command line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/api.h"
#include "cli/reference.h"

namespace baton::cli {

struct FoundVersion {
    std::string model;
    std::int64_t number = 0;
};

// Asks the server what `latest`, an alias or a digest means; a number is taken as it is.
Result<FoundVersion> find_version(Api& api, std::string_view which);

// For an answer that is empty: not_found when that is because there is no such model. Whoever may not ask gets no
// error.
Status known_model(Api& api, const std::string& model);

}  // namespace baton::cli
