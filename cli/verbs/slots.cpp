// baton slots: what is and was live of one model.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/print.h"
#include "cli/table.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

Status slots(Context& context, const std::string& model) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json history, api.get(api_path({"models", model, "slots"})));
    return context.answer(history, [&](std::ostream& out) {
        print_slots(out, context.style(), member(history, "current"));
        Table past({"WAS LIVE", "ENVIRONMENT", "SINCE", "UNTIL", "BY", "REASON"});
        for (const Json& slot : member(history, "past")) {
            past.add({version_name(slot), text(slot, "environment"), human_time(text(slot, "since")),
                      human_time(text(slot, "until")), text(slot, "by"), text(slot, "reason")});
        }
        if (past.empty()) return;
        out << "\n";
        past.print(out, context.style());
    });
}

}  // namespace

void add_slots(CLI::App& root, Action& chosen) {
    auto model = std::make_shared<std::string>();
    CLI::App* verb = add_verb(root, "slots", "Show what of a model is live in every environment, and what was before",
                              {"baton slots credit-risk"});
    add_model(verb, *model, "The model")->required();
    when_chosen(verb, chosen, [model](Context& context) { return slots(context, *model); });
}

}  // namespace baton::cli
