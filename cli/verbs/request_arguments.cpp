#include "cli/verbs/request_arguments.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/find_request.h"
#include "cli/print.h"

namespace baton::cli {

void add_request_arguments(CLI::App* verb, RequestArguments& arguments) {
    verb->add_option("ID|REF", arguments.which, "The request, or a version: its open request")->required();
    verb->add_option("--env", arguments.environment, "When a version has requests for several")->type_name("ENV");
}

Result<Json> find_request(Api& api, const RequestArguments& arguments) {
    return find_request(api, arguments.which, arguments.environment);
}

void print_done(std::ostream& out, const std::string& what, const Json& request) {
    out << what << " " << printable(version_name(request)) << " for " << printable(text(request, "environment"))
        << " (request " << printable(text(request, "id")) << ")\n";
}

}  // namespace baton::cli
