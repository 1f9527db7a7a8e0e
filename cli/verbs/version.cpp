// baton version.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/verbs/verbs.h"

namespace baton::cli {

void add_version(CLI::App& root, Action& chosen) {
    CLI::App* verb =
        add_verb(root, "version", "Show the version of this command", {"baton version", "baton version --json"});
    when_chosen(verb, chosen, [](Context& context) {
        return context.answer({{"version", BATON_VERSION}},
                              [](std::ostream& out) { out << "baton " << BATON_VERSION << "\n"; });
    });
}

}  // namespace baton::cli
