// baton promote: makes an approved version live.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/find_request.h"
#include "cli/print.h"
#include "cli/reference.h"
#include "cli/served.h"
#include "cli/verbs/verbs.h"
#include "cli/warnings.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string which;
    std::string environment = "production";
    bool environment_given = false;
    bool wait = false;
};

Status promote(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json request, find_request(api, arguments.which, arguments.environment));
    if (arguments.environment_given && text(request, "environment") != arguments.environment) {
        return invalid_argument("request " + text(request, "id") + " is for " + text(request, "environment") +
                                ", not for " + arguments.environment);
    }
    BATON_ASSIGN(const Json slot, api.post(api_path({"requests", text(request, "id"), "promotion"},
                                                    {{"wait", arguments.wait ? "ready" : ""}}),
                                           Json::object()));
    note_warnings(context, slot);
    BATON_TRY(context.answer(slot, [&](std::ostream& out) { print_slot(out, slot); }));
    return arguments.wait ? served(text(slot, "model"), slot) : Status();
}

}  // namespace

void add_promote(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(
        root, "promote", "Make an approved version live",
        {"baton promote 7 --wait", "baton promote credit-risk/3", "baton promote credit-risk/3 --env staging"});
    verb->add_option("ID|REF", arguments->which, "The request, or a version: its open request")->required();
    CLI::Option* environment = verb->add_option("--env", arguments->environment, "The request's environment");
    environment->type_name("ENV")->capture_default_str();
    verb->add_flag("--wait", arguments->wait, "Return when the version answers predictions; exit 7 when it cannot");
    when_chosen(verb, chosen, [arguments, environment](Context& context) {
        arguments->environment_given = environment->count() > 0;
        return promote(context, *arguments);
    });
}

}  // namespace baton::cli
