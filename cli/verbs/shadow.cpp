// baton shadow: compares a candidate with the live version on real requests.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/find_version.h"
#include "cli/served.h"
#include "cli/traffic_text.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string which;
    std::string environment = "production";
    double sample = 100;
    bool end = false;
    bool allow_signature_change = false;
    bool wait = false;
};

Result<Json> end_shadow(Api& api, const Arguments& arguments) {
    BATON_ASSIGN(const Reference reference, Reference::parse(arguments.which));
    const Query where = {{"environment", arguments.environment}};
    BATON_TRY(api.remove(api_path({"models", reference.model, "traffic"},
                                  {{"environment", arguments.environment}, {"kind", "shadow"}})));
    return api.get(api_path({"models", reference.model, "traffic"}, where));
}

Result<Json> set_shadow(Api& api, const Arguments& arguments) {
    BATON_ASSIGN(const FoundVersion version, find_version(api, arguments.which));
    Json shadow = {{"version", version.number}, {"sample", arguments.sample}};
    if (arguments.allow_signature_change) shadow["allow_signature_change"] = true;
    return api.put(api_path({"models", version.model, "traffic"},
                            {{"environment", arguments.environment}, {"wait", arguments.wait ? "ready" : ""}}),
                   {{"shadow", shadow}});
}

Status shadow(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json traffic, arguments.end ? end_shadow(api, arguments) : set_shadow(api, arguments));
    BATON_TRY(context.answer(traffic, [&](std::ostream& out) { print_traffic(out, context.style(), traffic); }));
    return arguments.wait && !arguments.end ? served(text(traffic, "model"), member(traffic, "shadow")) : Status();
}

}  // namespace

void add_shadow(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "shadow", "Compare an approved version with the live one on the requests that come",
                              {"baton shadow credit-risk/4", "baton shadow credit-risk/4 --sample 10",
                               "baton traffic credit-risk", "baton shadow credit-risk --end"});
    verb->add_option("REF", arguments->which, "The version; with --end, the model")->required();
    verb->add_option("--sample", arguments->sample, "Share of the requests that are compared, 0 to 100")
        ->type_name("P")
        ->capture_default_str();
    add_signature_change(verb, arguments->allow_signature_change);
    verb->add_flag("--end", arguments->end, "Compare no more");
    verb->add_option("--env", arguments->environment, "Where")->type_name("ENV")->capture_default_str();
    verb->add_flag("--wait", arguments->wait, "Return when the version is loaded; exit 7 when it cannot be");
    when_chosen(verb, chosen, [arguments](Context& context) { return shadow(context, *arguments); });
}

}  // namespace baton::cli
