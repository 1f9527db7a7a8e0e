// baton approve: an approver's yes to exactly the bytes that the request names.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/find_request.h"
#include "cli/print.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string which;
    std::string environment;
    std::string words;
};

// The digest that is sent is the one just read: if the request changed meanwhile, the server refuses.
Status approve(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json request, find_request(api, arguments.which, arguments.environment));
    const std::string id = text(request, "id");
    const std::string digest = text(request, "digest");
    context.note("request " + id + ": " + version_name(request) + " (" + digest + ") for " +
                 text(request, "environment"));
    BATON_ASSIGN(const Json after,
                 api.post(api_path({"requests", id, "approvals"}), {{"digest", digest}, {"comment", arguments.words}}));
    return context.answer(after, [&](std::ostream& out) {
        out << "approved " << printable(version_name(request)) << " for " << printable(text(request, "environment"))
            << " (request " << id << ")\n";
        for (const Json& requirement : member(member(after, "evaluation"), "requirements")) {
            const Json& satisfied = member(requirement, "satisfied");
            if (satisfied.is_boolean() && satisfied.get<bool>()) continue;
            out << "still needed: " << printable(text(requirement, "explanation")) << "\n";
        }
    });
}

}  // namespace

void add_approve(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "approve", "Approve a promotion request",
                              {"baton approve 7 --comment 'checked on the October data'", "baton approve credit-risk/3",
                               "baton approve credit-risk/3 --env staging"});
    verb->add_option("ID|REF", arguments->which, "The request, or a version: its open request")->required();
    verb->add_option("--env", arguments->environment, "When a version has requests for several")->type_name("ENV");
    verb->add_option("--comment", arguments->words, "Why")->type_name("TEXT");
    when_chosen(verb, chosen, [arguments](Context& context) { return approve(context, *arguments); });
}

}  // namespace baton::cli
