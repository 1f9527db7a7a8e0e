// baton retire: takes a version out of use.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/print.h"
#include "cli/reference.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string reference;
    std::string reason;
};

Status retire(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(const Reference reference, parse_version_reference(arguments.reference));
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json version,
                 api.post(api_path({"models", reference.model, "versions", reference.selector, "retirement"}),
                          {{"reason", arguments.reason}}));
    return context.answer(version,
                          [&](std::ostream& out) { out << "retired " << printable(version_name(version)) << "\n"; });
}

}  // namespace

void add_retire(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "retire", "Take a version out of use; not while it is live",
                              {"baton retire credit-risk/1 --reason 'trained on withdrawn data'"});
    verb->add_option("REF", arguments->reference, "The version")->required();
    verb->add_option("--reason", arguments->reason, "Why")->type_name("TEXT")->required();
    when_chosen(verb, chosen, [arguments](Context& context) { return retire(context, *arguments); });
}

}  // namespace baton::cli
