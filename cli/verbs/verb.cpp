#include "cli/verbs/verb.h"

#include <CLI/CLI.hpp>

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

void when_chosen(CLI::App* verb, Action& chosen, Action action) {
    verb->callback([&chosen, action = std::move(action)] { chosen = action; });
}

}  // namespace baton::cli
