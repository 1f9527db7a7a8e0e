// baton reject: an approver's no; ends the request.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/verbs/request_arguments.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    RequestArguments request;
    std::string reason;
};

Status reject(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json request, find_request(api, arguments.request));
    BATON_ASSIGN(const Json after,
                 api.post(api_path({"requests", text(request, "id"), "rejection"}), {{"reason", arguments.reason}}));
    return context.answer(after, [&](std::ostream& out) { print_done(out, "rejected", request); });
}

}  // namespace

void add_reject(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "reject", "Reject a promotion request",
                              {"baton reject 7 --reason 'recall fell on young customers'",
                               "baton reject credit-risk/3 --reason 'wrong data set'"});
    add_request_arguments(verb, arguments->request);
    verb->add_option("--reason", arguments->reason, "Why; the developer reads it")->type_name("TEXT")->required();
    when_chosen(verb, chosen, [arguments](Context& context) { return reject(context, *arguments); });
}

}  // namespace baton::cli
