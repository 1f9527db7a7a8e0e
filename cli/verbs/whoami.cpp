// baton whoami: which server, and as whom.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/print.h"
#include "cli/table.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

// What a token is limited to.
std::string limits_text(const Json& me, const char* what) {
    const std::string patterns = joined(texts(me, what));
    return patterns.empty() ? "all" : "only " + patterns;
}

Status whoami(Context& context) {
    BATON_ASSIGN(const Profile target, resolve_target(context.options(), context.io()));
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(Json me, api.get(api_path({"whoami"})));
    me["server"] = target.url;
    return context.answer(me, [&](std::ostream& out) {
        Table table({"", ""});
        table.add({"user", caller_name(me)});
        table.add({"roles", joined(texts(me, "roles"))});
        table.add({"models", limits_text(me, "models")});
        table.add({"environments", limits_text(me, "environments")});
        if (const std::string end = text(me, "expires_at"); !end.empty()) table.add({"expires", human_time(end)});
        table.add({"server", target.url});
        table.print(out, context.style());
    });
}

}  // namespace

void add_whoami(CLI::App& root, Action& chosen) {
    CLI::App* verb =
        add_verb(root, "whoami", "Show the server, the user that a token belongs to, its limits and its end",
                 {"baton whoami", "baton whoami --profile work"});
    when_chosen(verb, chosen, whoami);
}

}  // namespace baton::cli
