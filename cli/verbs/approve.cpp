// baton approve: an approver's yes to exactly the bytes and the evidence that the request shows.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/print.h"
#include "cli/verbs/request_arguments.h"
#include "cli/verbs/verbs.h"
#include "cli/warnings.h"

namespace baton::cli {
namespace {

struct Arguments {
    RequestArguments request;
    std::string words;
};

// The digests that are sent are those just read: if the request changed meanwhile, the server refuses.
Json approval_of(const Json& request, const std::string& words) {
    Json approval = {{"digest", text(request, "digest")}, {"comment", words}};
    if (const std::string subject = text(request, "subject_digest"); !subject.empty()) {
        approval["subject_digest"] = subject;
    }
    return approval;
}

Status approve(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json request, find_request(api, arguments.request));
    const std::string id = text(request, "id");
    context.note("request " + id + ": " + version_name(request) + " (" + text(request, "digest") + ") for " +
                 text(request, "environment"));
    note_warnings(context, request);
    BATON_ASSIGN(const Json after,
                 api.post(api_path({"requests", id, "approvals"}), approval_of(request, arguments.words)));
    return context.answer(after, [&](std::ostream& out) {
        print_done(out, "approved", request);
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
    add_request_arguments(verb, arguments->request);
    verb->add_option("--comment", arguments->words, "Why")->type_name("TEXT");
    when_chosen(verb, chosen, [arguments](Context& context) { return approve(context, *arguments); });
}

}  // namespace baton::cli
