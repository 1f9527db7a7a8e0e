// The number of the version that people name on the command line.
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

}  // namespace baton::cli
