// baton rollback: back to a version that was live before.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/print.h"
#include "cli/reference.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string model;
    std::string environment = "production";
    long to = 0;  // 0: the version before
    std::string reason;
};

Status rollback(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    Json body = {{"environment", arguments.environment}, {"reason", arguments.reason}};
    if (arguments.to != 0) body["to"] = arguments.to;
    BATON_ASSIGN(const Json slot, api.post(api_path({"models", arguments.model, "rollback"}), body));
    return context.answer(slot, [&](std::ostream& out) { print_slot(out, slot); });
}

}  // namespace

void add_rollback(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "rollback", "Make the version live again that was live before; needs no approval",
                              {"baton rollback credit-risk --reason 'latency doubled'",
                               "baton rollback credit-risk --to 2 --env staging --reason 'bad calibration'"});
    add_model(verb, arguments->model, "The model")->required();
    verb->add_option("--env", arguments->environment, "Where")->type_name("ENV")->capture_default_str();
    verb->add_option("--to", arguments->to, "A version that was live there (default: the one before)")
        ->type_name("VERSION")
        ->check([](const std::string& text) {
            return parse_number(text) ? std::string() : "'" + text + "' is no version: they are 1, 2, 3 …";
        });
    verb->add_option("--reason", arguments->reason, "Why; it is kept in the audit log")->type_name("TEXT")->required();
    when_chosen(verb, chosen, [arguments](Context& context) { return rollback(context, *arguments); });
}

}  // namespace baton::cli
