// baton list: the models, or the versions of one.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/print.h"
#include "cli/table.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string model;
    std::string filter;
};

const std::string whose_tags =
    "Models have tags, which baton edit sets; versions have others, from baton register --tag. A filter of models\n"
    "looks at those of models, a filter of versions (baton list NAME, baton search) at those of versions.\n\n";

std::string live_text(const Json& model) {
    std::vector<std::string> parts;
    for (const Json& live : member(model, "live")) {
        parts.push_back(text(live, "environment") + ": " + text(live, "version"));
    }
    return joined(parts);
}

void print_models(std::ostream& out, const Style& style, const Json& models) {
    if (models.empty()) {
        out << "no models\n";
        return;
    }
    Table table({"MODEL", "VERSIONS>", "LATEST>", "LIVE", "OWNER", "UPDATED", "DESCRIPTION"});
    for (const Json& model : models) {
        table.add({text(model, "name"), text(model, "versions"), text(model, "latest_version"), live_text(model),
                   text(model, "owner"), human_time(text(model, "updated_at")), text(model, "description")});
    }
    table.print(out, style);
}

Status list(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    const Query query = {{"filter", arguments.filter}};
    const bool versions = !arguments.model.empty();
    BATON_ASSIGN(const Json items,
                 versions ? api.list({"models", arguments.model, "versions"}, query) : api.list({"models"}, query));
    return context.answer({{"items", items}}, [&](std::ostream& out) {
        versions ? print_versions(out, context.style(), items) : print_models(out, context.style(), items);
    });
}

}  // namespace

void add_list(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb =
        add_verb(root, "list", "List the models, or the versions of one model",
                 {"baton list", "baton list credit-risk", "baton list credit-risk --filter \"tags.data = '2026-Q1'\"",
                  "baton list --filter \"tags.team = 'risk'\""});
    verb->footer(whose_tags + verb->get_footer());
    add_model(verb, arguments->model, "A model");
    verb->add_option("--filter", arguments->filter, "Only what fits: comparisons, LIKE, IN, joined by AND")
        ->type_name("FILTER");
    when_chosen(verb, chosen, [arguments](Context& context) { return list(context, *arguments); });
}

}  // namespace baton::cli
