// baton request: opens the handoff of a version.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/print.h"
#include "cli/reference.h"
#include "cli/verbs/verbs.h"
#include "cli/warnings.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string reference;
    std::string environment = "production";
    std::string notes;
};

Status request(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(const Reference reference, parse_version_reference(arguments.reference));
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json opened,
                 api.post(api_path({"models", reference.model, "versions", reference.selector, "requests"}),
                          {{"environment", arguments.environment}, {"notes", arguments.notes}}));
    note_warnings(context, opened);
    return context.answer(opened, [&](std::ostream& out) { out << text(opened, "id") << "\n"; });
}

}  // namespace

void add_request(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "request", "Ask that a version goes live; prints the request's id",
                              {"baton request credit-risk/3 --notes 'recall up by 2 points'",
                               "baton request credit-risk@champion --env staging"});
    verb->add_option("REF", arguments->reference, "The version")->required();
    verb->add_option("--env", arguments->environment, "Where it shall be live")
        ->type_name("ENV")
        ->capture_default_str();
    verb->add_option("--notes", arguments->notes, "What the approver should know")->type_name("TEXT");
    when_chosen(verb, chosen, [arguments](Context& context) { return request(context, *arguments); });
}

}  // namespace baton::cli
