// baton search: versions across all models.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/print.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string filter;
    std::string order;
    std::size_t limit = 0;
};

Status search(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    const Query query = {{"filter", arguments.filter}, {"order_by", arguments.order}};
    BATON_ASSIGN(const Json items, api.list({"versions"}, query, arguments.limit));
    return context.answer({{"items", items}}, [&](std::ostream& out) { print_versions(out, context.style(), items); });
}

}  // namespace

void add_search(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "search", "Search the versions of all models",
                              {"baton search \"stage = 'live' AND metrics.roc_auc >= 0.9\"",
                               "baton search \"name LIKE 'credit%'\" --order 'created_at desc' --limit 10"});
    verb->add_option("FILTER", arguments->filter, "Comparisons, LIKE, ILIKE, IN, joined by AND")->required();
    verb->add_option("--order", arguments->order, "As in 'created_at desc'")->type_name("ORDER");
    verb->add_option("--limit", arguments->limit, "At most so many (0: all)")->type_name("N");
    when_chosen(verb, chosen, [arguments](Context& context) { return search(context, *arguments); });
}

}  // namespace baton::cli
