// baton canary: lets a candidate answer a share of the requests, and ends that either way.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/find_version.h"
#include "cli/served.h"
#include "cli/traffic_text.h"
#include "cli/verbs/verbs.h"
#include "cli/warnings.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string which;
    std::string environment = "production";
    double percent = -1;  // below 0: not given
    std::optional<std::string> header;
    std::string end;
    std::string reason;
    bool allow_signature_change = false;
    bool wait = false;
};

Result<Json> end_canary(Api& api, const Arguments& arguments, const Query& query) {
    BATON_ASSIGN(const Reference reference, Reference::parse(arguments.which));
    if (arguments.end == "abort" && arguments.reason.empty()) {
        return invalid_argument("breaking a canary off needs a reason", "add --reason 'why'; it is kept in the log");
    }
    return api.post(api_path({"models", reference.model, "traffic", "end"}, query),
                    {{"outcome", arguments.end}, {"reason", arguments.reason}});
}

Result<Json> set_canary(Api& api, const Arguments& arguments, const Query& query) {
    if (arguments.percent < 0) {
        return invalid_argument("how many of the requests?", "add --percent 5, or --end promote, or --end abort");
    }
    BATON_ASSIGN(const FoundVersion version, find_version(api, arguments.which));
    Json canary = {{"version", version.number}, {"percent", arguments.percent}};
    if (arguments.header) canary["header"] = *arguments.header;
    if (arguments.allow_signature_change) canary["allow_signature_change"] = true;
    return api.put(api_path({"models", version.model, "traffic"}, query), {{"canary", canary}});
}

Status canary(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    const Query query = {{"environment", arguments.environment}, {"wait", arguments.wait ? "ready" : ""}};
    BATON_ASSIGN(const Json traffic,
                 arguments.end.empty() ? set_canary(api, arguments, query) : end_canary(api, arguments, query));
    note_warnings(context, traffic);
    BATON_TRY(context.answer(traffic, [&](std::ostream& out) { print_traffic(out, context.style(), traffic); }));
    if (!arguments.wait || arguments.end == "abort") return {};
    return served(text(traffic, "model"), member(traffic, arguments.end.empty() ? "canary" : "live"));
}

}  // namespace

void add_canary(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb =
        add_verb(root, "canary", "Let an approved version answer a share of the requests beside the live one",
                 {"baton canary credit-risk/4 --percent 5 --header X-User", "baton canary credit-risk/4 --percent 50",
                  "baton canary credit-risk --end promote", "baton canary credit-risk --end abort --reason 'slower'"});
    verb->add_option("REF", arguments->which, "The version; with --end, the model")->required();
    verb->add_option("--percent", arguments->percent, "Share of the requests, 0 to 100, in steps of 0.01")
        ->type_name("P");
    verb->add_option(
            "--header", arguments->header,
            "Requests with the same value of it meet the same version; kept for a canary that goes on; '' for none")
        ->type_name("NAME");
    add_signature_change(verb, arguments->allow_signature_change);
    one_of(verb->add_option("--end", arguments->end, "Make the canary live, or go back to the live version"),
           {"promote", "abort"});
    verb->add_option("--reason", arguments->reason, "Why it is ended; it is kept in the audit log")->type_name("TEXT");
    verb->add_option("--env", arguments->environment, "Where")->type_name("ENV")->capture_default_str();
    verb->add_flag("--wait", arguments->wait, "Return when the change is served; exit 7 when the version cannot be");
    when_chosen(verb, chosen, [arguments](Context& context) { return canary(context, *arguments); });
}

}  // namespace baton::cli
