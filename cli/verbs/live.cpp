// baton live: what is live now.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/find_version.h"
#include "cli/print.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string model;
    std::string environment;
};

void print_departing(std::ostream& out, const Json& version) {
    out << printable(version_name(version));
    if (text(version, "state") == "warm") {
        out << " is kept warm for a rollback\n";
    } else {
        out << " drains: " << text(version, "in_flight") << " requests in flight\n";
    }
}

Status live(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(Json answer, api.get(api_path({"live"}, {{"environment", arguments.environment}})));
    Json slots = Json::array();
    for (const Json& slot : member(answer, "slots")) {
        if (arguments.model.empty() || text(slot, "model") == arguments.model) slots.push_back(slot);
    }
    answer["slots"] = slots;
    if (slots.empty() && !arguments.model.empty()) BATON_TRY(known_model(api, arguments.model));
    Json departing = Json::array();
    for (const Json& version : member(answer, "departing")) {
        if (arguments.model.empty() || text(version, "model") == arguments.model) departing.push_back(version);
    }
    answer["departing"] = departing;
    return context.answer(answer, [&](std::ostream& out) {
        print_slots(out, context.style(), slots);
        for (const Json& version : departing) print_departing(out, version);
    });
}

}  // namespace

void add_live(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "live", "Show what is live now, of all models or of one",
                              {"baton live", "baton live credit-risk", "baton live --env staging --json"});
    add_model(verb, arguments->model, "A model");
    verb->add_option("--env", arguments->environment, "One environment (default: all)")->type_name("ENV");
    when_chosen(verb, chosen, [arguments](Context& context) { return live(context, *arguments); });
}

}  // namespace baton::cli
