// baton requests: the handoffs.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/find_request.h"
#include "cli/print.h"
#include "cli/table.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string which;
    std::string state;
    bool mine = false;
};

void print_requests(std::ostream& out, const Style& style, const Json& requests) {
    if (requests.empty()) {
        out << "no requests\n";
        return;
    }
    Table table({"ID>", "VERSION", "ENVIRONMENT", "STATE", "REQUESTER", "CREATED", "NOTES"});
    for (const Json& request : requests) {
        table.add({text(request, "id"), version_name(request), text(request, "environment"), text(request, "state"),
                   text(request, "requester"), human_time(text(request, "created_at")), text(request, "notes")});
    }
    table.print(out, style);
}

Result<std::string> filter_of(Api& api, const Arguments& arguments) {
    std::vector<std::string> clauses;
    if (!arguments.state.empty()) clauses.push_back("state = " + filter_literal(arguments.state));
    if (arguments.mine) {
        BATON_ASSIGN(const Json me, api.get(api_path({"whoami"})));
        clauses.push_back("requester = " + filter_literal(caller_name(me)));
    }
    return joined(clauses, " AND ");
}

Status requests(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    if (!arguments.which.empty()) {
        BATON_ASSIGN(const Json request, find_request(api, arguments.which));
        return context.answer(request, [&](std::ostream& out) { print_request(out, context.style(), request); });
    }
    BATON_ASSIGN(const std::string filter, filter_of(api, arguments));
    BATON_ASSIGN(const Json items, api.list({"requests"}, {{"filter", filter}}));
    return context.answer({{"items", items}}, [&](std::ostream& out) { print_requests(out, context.style(), items); });
}

}  // namespace

void add_requests(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(
        root, "requests", "List the promotion requests, or show one with what it still needs",
        {"baton requests --state open", "baton requests --mine", "baton requests 7", "baton requests credit-risk/3"});
    CLI::Option* which = verb->add_option("ID|REF", arguments->which, "One request, or a version: its open request");
    one_of(verb->add_option("--state", arguments->state, "Only those in this state"),
           {"open", "approved", "executed", "rejected", "withdrawn", "expired"})
        ->excludes(which);
    verb->add_flag("--mine", arguments->mine, "Only those that I opened")->excludes(which);
    when_chosen(verb, chosen, [arguments](Context& context) { return requests(context, *arguments); });
}

}  // namespace baton::cli
