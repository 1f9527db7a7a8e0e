// What the verbs that decide on a promotion request have in common.
#pragma once

#include <string>

#include "cli/verbs/verb.h"

namespace baton::cli {

struct RequestArguments {
    std::string which;        // an id, or a reference to a version
    std::string environment;  // empty: any
};

// The arguments ID|REF and --env.
void add_request_arguments(CLI::App* verb, RequestArguments& arguments);
Result<Json> find_request(Api& api, const RequestArguments& arguments);

// "approved risk/3 for production (request 7)"
void print_done(std::ostream& out, const std::string& what, const Json& request);

}  // namespace baton::cli
