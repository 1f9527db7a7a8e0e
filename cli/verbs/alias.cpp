// baton alias set, remove, list: free names for versions.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/find_request.h"
#include "cli/reference.h"
#include "cli/table.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string reference;
    std::string alias;
};

std::string alias_path(const std::string& model, const std::string& alias) {
    return api_path({"models", model, "aliases", alias});
}

Status set(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(const Reference reference, parse_version_reference(arguments.reference));
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const std::string number, version_number(api, reference));
    BATON_ASSIGN(const Json model,
                 api.put(alias_path(reference.model, arguments.alias), {{"version", std::stoll(number)}}));
    return context.answer(model, [&](std::ostream& out) {
        out << printable(reference.model + "@" + arguments.alias) << " is " << printable(reference.model) << "/"
            << printable(number) << "\n";
    });
}

Status remove(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(const Reference reference, Reference::parse(arguments.reference));
    if (!reference.selector.starts_with('@')) {
        return invalid_argument("'" + arguments.reference + "' names no alias", "write NAME@ALIAS");
    }
    BATON_ASSIGN(Api & api, context.api());
    BATON_TRY(api.remove(alias_path(reference.model, reference.selector.substr(1))));
    return context.answer({{"alias", reference.text()}, {"removed", true}},
                          [&](std::ostream& out) { out << "removed " << printable(reference.text()) << "\n"; });
}

Status list(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json model, api.get(api_path({"models", arguments.reference})));
    const Json& aliases = member(model, "aliases");
    return context.answer(aliases.is_object() ? aliases : Json::object(), [&](std::ostream& out) {
        if (aliases.empty()) {
            out << "no aliases\n";
            return;
        }
        Table table({"ALIAS", "VERSION>"});
        for (const auto& [alias, version] : aliases.items()) {
            table.add({arguments.reference + "@" + alias, text(aliases, alias)});
        }
        table.print(out, context.style());
    });
}

}  // namespace

void add_alias(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "alias", "Give versions names of your own, as credit-risk@champion",
                              {"baton alias set credit-risk/3 champion", "baton alias list credit-risk"});
    verb->require_subcommand(1);

    CLI::App* setting =
        add_verb(*verb, "set", "Let an alias mean a version; moves it when it exists",
                 {"baton alias set credit-risk/3 champion", "baton alias set credit-risk/live baseline"});
    setting->add_option("REF", arguments->reference, "The version")->required();
    setting->add_option("ALIAS", arguments->alias, "The name")->required();
    when_chosen(setting, chosen, [arguments](Context& context) { return set(context, *arguments); });

    CLI::App* removal =
        add_verb(*verb, "remove", "Remove an alias; the version stays", {"baton alias remove credit-risk@champion"});
    removal->add_option("REF", arguments->reference, "The alias: NAME@ALIAS")->required();
    when_chosen(removal, chosen, [arguments](Context& context) { return remove(context, *arguments); });

    CLI::App* listing = add_verb(*verb, "list", "List the aliases of a model", {"baton alias list credit-risk"});
    add_model(listing, arguments->reference, "The model")->required();
    when_chosen(listing, chosen, [arguments](Context& context) { return list(context, *arguments); });
}

}  // namespace baton::cli
