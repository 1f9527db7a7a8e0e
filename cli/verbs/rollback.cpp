// baton rollback: back to a version that was live before.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/print.h"
#include "cli/reference.h"
#include "cli/served.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string model;
    std::string environment = "production";
    long to = 0;  // 0: the version before
    std::string reason;
    bool wait = false;
};

const std::string targets =
    "The version that is rolled back from is no target of later rollbacks: it takes a new request (baton request) to\n"
    "make it live again. Every other version that was live there may be named.\n\n";

Status rollback(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    Json body = {{"environment", arguments.environment}, {"reason", arguments.reason}};
    if (arguments.to != 0) body["to"] = arguments.to;
    const Query query = {{"wait", arguments.wait ? "ready" : ""}};
    BATON_ASSIGN(const Json slot, api.post(api_path({"models", arguments.model, "rollback"}, query), body));
    BATON_TRY(context.answer(slot, [&](std::ostream& out) { print_slot(out, slot); }));
    return arguments.wait ? served(arguments.model, slot) : Status();
}

}  // namespace

void add_rollback(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "rollback", "Make the version live again that was live before; needs no approval",
                              {"baton rollback credit-risk --reason 'latency doubled'",
                               "baton rollback credit-risk --to 2 --env staging --reason 'bad calibration'"});
    verb->footer(targets + verb->get_footer());
    add_model(verb, arguments->model, "The model")->required();
    verb->add_option("--env", arguments->environment, "Where")->type_name("ENV")->capture_default_str();
    verb->add_option("--to", arguments->to,
                     "A version that was live there and was not rolled back from (default: the one before)")
        ->type_name("VERSION")
        ->check([](const std::string& text) {
            return parse_number(text) ? std::string() : "'" + text + "' is no version: they are 1, 2, 3 …";
        });
    verb->add_option("--reason", arguments->reason, "Why; it is kept in the audit log")->type_name("TEXT")->required();
    verb->add_flag("--wait", arguments->wait, "Return when the version answers predictions; exit 7 when it cannot");
    when_chosen(verb, chosen, [arguments](Context& context) { return rollback(context, *arguments); });
}

}  // namespace baton::cli
