// baton comment: a word on a request.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/verbs/request_arguments.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    RequestArguments request;
    std::string words;
};

Status comment(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json request, find_request(api, arguments.request));
    BATON_ASSIGN(const Json after,
                 api.post(api_path({"requests", text(request, "id"), "comments"}), {{"text", arguments.words}}));
    return context.answer(after, [&](std::ostream& out) { print_done(out, "commented on", request); });
}

}  // namespace

void add_comment(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb =
        add_verb(root, "comment", "Comment on a promotion request",
                 {"baton comment 7 'which data set is this?'", "baton comment credit-risk/3 'see slice age<25'"});
    add_request_arguments(verb, arguments->request);
    verb->add_option("TEXT", arguments->words, "What to say")->required();
    when_chosen(verb, chosen, [arguments](Context& context) { return comment(context, *arguments); });
}

}  // namespace baton::cli
