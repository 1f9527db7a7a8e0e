#include "cli/verbs/verb.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/print.h"
#include "registry/names.h"

namespace baton::cli {

CLI::App* add_verb(CLI::App& parent, const std::string& name, const std::string& description,
                   std::initializer_list<std::string> examples) {
    CLI::App* verb = parent.add_subcommand(name, description);
    std::string footer = "Examples:";
    for (const std::string& example : examples) footer += "\n  " + example;
    footer += "\n\nEverywhere: --json, --server URL, --profile NAME (see baton --help).";
    verb->footer(footer);
    verb->group("Verbs");
    verb->fallthrough();
    return verb;
}

CLI::Option* add_model(CLI::App* verb, std::string& model, const std::string& help) {
    return verb->add_option("NAME", model, help)->check([](const std::string& text) {
        const auto name = registry::ModelName::parse(text);
        return name.ok() ? std::string() : name.error().message;
    });
}

void add_signature_change(CLI::App* verb, bool& allowed) {
    verb->add_flag("--allow-signature-change", allowed, "Although it refuses requests that the live version takes");
}

CLI::Option* one_of(CLI::Option* option, const std::vector<std::string>& values) {
    return option->type_name(joined(values, "|"))->check([values](const std::string& text) {
        const bool known = std::find(values.begin(), values.end(), text) != values.end();
        return known ? std::string() : "'" + text + "' is none of " + joined(values);
    });
}

CLI::Option* one_role(CLI::Option* option) {
    return one_of(option, {"viewer", "developer", "approver", "deployer", "admin"});
}

std::vector<std::string> values_of(const CLI::Option& option) {
    const std::string type = option.get_type_name();
    return type.find('|') == std::string::npos ? std::vector<std::string>() : CLI::detail::split(type, '|');
}

void when_chosen(CLI::App* verb, Action& chosen, Action action) {
    verb->callback([&chosen, action = std::move(action)] { chosen = action; });
}

}  // namespace baton::cli
