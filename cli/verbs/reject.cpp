// baton reject: an approver's no; ends the request.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/find_request.h"
#include "cli/print.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string which;
    std::string environment;
    std::string reason;
};

Status reject(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json request, find_request(api, arguments.which, arguments.environment));
    const std::string id = text(request, "id");
    BATON_ASSIGN(const Json after, api.post(api_path({"requests", id, "rejection"}), {{"reason", arguments.reason}}));
    return context.answer(after, [&](std::ostream& out) {
        out << "rejected " << printable(version_name(request)) << " for " << printable(text(request, "environment"))
            << " (request " << id << ")\n";
    });
}

}  // namespace

void add_reject(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "reject", "Reject a promotion request",
                              {"baton reject 7 --reason 'recall fell on young customers'",
                               "baton reject credit-risk/3 --reason 'wrong data set'"});
    verb->add_option("ID|REF", arguments->which, "The request, or a version: its open request")->required();
    verb->add_option("--env", arguments->environment, "When a version has requests for several")->type_name("ENV");
    verb->add_option("--reason", arguments->reason, "Why; the developer reads it")->type_name("TEXT")->required();
    when_chosen(verb, chosen, [arguments](Context& context) { return reject(context, *arguments); });
}

}  // namespace baton::cli
