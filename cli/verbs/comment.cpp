// baton comment: a word on a request.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/find_request.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string which;
    std::string words;
};

Status comment(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json request, find_request(api, arguments.which));
    const std::string id = text(request, "id");
    BATON_ASSIGN(const Json after, api.post(api_path({"requests", id, "comments"}), {{"text", arguments.words}}));
    return context.answer(after, [&](std::ostream& out) { out << "commented on request " << id << "\n"; });
}

}  // namespace

void add_comment(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb =
        add_verb(root, "comment", "Comment on a promotion request",
                 {"baton comment 7 'which data set is this?'", "baton comment credit-risk/3 'see slice age<25'"});
    verb->add_option("ID|REF", arguments->which, "The request, or a version: its open request")->required();
    verb->add_option("TEXT", arguments->words, "What to say")->required();
    when_chosen(verb, chosen, [arguments](Context& context) { return comment(context, *arguments); });
}

}  // namespace baton::cli
