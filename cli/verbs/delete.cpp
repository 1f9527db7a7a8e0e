// baton delete: removes a model that never went live.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

Status delete_model(Context& context, const std::string& model) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_TRY(api.remove(api_path({"models", model})));
    return context.answer({{"model", model}, {"deleted", true}}, [&](std::ostream& out) {
        out << "deleted " << printable(model) << " and all its versions\n";
    });
}

}  // namespace

void add_delete(CLI::App& root, Action& chosen) {
    auto model = std::make_shared<std::string>();
    CLI::App* verb = add_verb(root, "delete", "Delete a model and all its versions; not when one was ever live",
                              {"baton delete credit-risk-trial"});
    add_model(verb, *model, "The model")->required();
    when_chosen(verb, chosen, [model](Context& context) { return delete_model(context, *model); });
}

}  // namespace baton::cli
