// baton traffic: which versions answer, and how the shadow compares.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/traffic_text.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string model;
    std::string environment = "production";
};

Status traffic(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json answer,
                 api.get(api_path({"models", arguments.model, "traffic"}, {{"environment", arguments.environment}})));
    return context.answer(answer, [&](std::ostream& out) { print_traffic(out, context.style(), answer); });
}

}  // namespace

void add_traffic(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "traffic", "Show which versions answer, and how the shadow's answers differ",
                              {"baton traffic credit-risk", "baton traffic credit-risk --env staging --json"});
    add_model(verb, arguments->model, "The model")->required();
    verb->add_option("--env", arguments->environment, "Where")->type_name("ENV")->capture_default_str();
    when_chosen(verb, chosen, [arguments](Context& context) { return traffic(context, *arguments); });
}

}  // namespace baton::cli
