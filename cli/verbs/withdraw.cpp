// baton withdraw: the requester takes a request back.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/verbs/request_arguments.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

Status withdraw(Context& context, const RequestArguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json request, find_request(api, arguments));
    BATON_ASSIGN(const Json after, api.post(api_path({"requests", text(request, "id"), "withdrawal"}), Json::object()));
    return context.answer(after, [&](std::ostream& out) { print_done(out, "withdrew", request); });
}

}  // namespace

void add_withdraw(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<RequestArguments>();
    CLI::App* verb = add_verb(root, "withdraw", "Take back a promotion request that you opened",
                              {"baton withdraw 7", "baton withdraw credit-risk/3 --env staging"});
    add_request_arguments(verb, *arguments);
    when_chosen(verb, chosen, [arguments](Context& context) { return withdraw(context, *arguments); });
}

}  // namespace baton::cli
