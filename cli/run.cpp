#include "cli/run.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

#include "base/error_codes.h"
#include "cli/context.h"
#include "cli/problem.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

constexpr const char* footer =
    "Environment:\n"
    "  BATON_URL, BATON_TOKEN   the server and the token, for scripts and CI\n"
    "  NO_COLOR                 no colours\n\n"
    "Exit codes: 0 done, 1 internal error, 2 wrong usage or input, 3 not found, 4 not allowed, 5 conflict or\n"
    "requirements missing, 7 busy, unreachable or not served, 8 digests do not match, 130 interrupted.";

void add_verbs(CLI::App& root, Action& chosen) {
    for (const auto add :
         {add_serve,    add_login,   add_profile, add_whoami,  add_user,     add_token,   add_register,
          add_list,     add_show,    add_edit,    add_delete,  add_search,   add_report,  add_request,
          add_requests, add_comment, add_approve, add_reject,  add_withdraw, add_alias,   add_promote,
          add_rollback, add_canary,  add_shadow,  add_traffic, add_retire,   add_live,    add_slots,
          add_pull,     add_predict, add_log,     add_diff,    add_fsck,     add_version, add_completion}) {
        add(root, chosen);
    }
}

// The name of an argument says what it is, and the usage line whether it may be left out; only options need words for
// that.
class HelpText : public CLI::Formatter {
public:
    HelpText() {
        label("SUBCOMMAND", "VERB");
        label("Positionals", "Arguments");
    }
    std::string make_option_opts(const CLI::Option* option) const override {
        std::string text = CLI::Formatter::make_option_opts(option);
        if (!option->get_positional()) return text;
        for (const std::string_view word : {" TEXT", " REQUIRED"}) {
            if (const std::size_t place = text.find(word); place != std::string::npos) text.erase(place, word.size());
        }
        return text;
    }
};

void report(Context& context, const Error& error) {
    Io& io = context.io();
    if (context.options().json && !context.answered()) io.out << dump(error_document(error), 2) << "\n" << std::flush;
    print_error(io.err, error, style_for(io, io.err_is_terminal));
    io.err.flush();
}

// Reports what went wrong, if anything did, and answers the exit code.
int conclude(Context& context, const Status& status) {
    if (status.ok()) return 0;
    report(context, status.error());
    return exit_code(status.error().code);
}

// What no verb foresaw, such as an answer of another shape, is reported like any other error.
Status act(const Action& chosen, Context& context) {
    try {
        return chosen(context);
    } catch (const std::exception& error) {
        return internal_error(std::string("this should not have happened: ") + error.what());
    }
}

std::string verbs_text(const CLI::App& app) {
    std::string names;
    for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
        names.append(names.empty() ? "" : ", ").append(verb->get_name());
    }
    return names;
}

// What CLI11 says, but for the commonest slips in better words. `app` is the verb that was named last.
std::string usage_message(const CLI::App& app, const std::vector<std::string>& arguments,
                          const CLI::ParseError& error) {
    const bool is_root = app.get_parent() == nullptr;
    if (!is_root && app.get_require_subcommand_min() > 0) {
        return "name one of its verbs: " + verbs_text(app);
    }
    if (!is_root) return error.what();
    const auto word = std::find_if(arguments.begin(), arguments.end(),
                                   [](const std::string& argument) { return !argument.starts_with('-'); });
    return word == arguments.end() ? "name a verb" : "there is no verb '" + *word + "'";
}

// Help and wrong usage end the run here; the exit code is returned then.
std::optional<int> parse(CLI::App& root, const std::vector<std::string>& arguments, Context& context) {
    try {
        root.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // as CLI11 wants them
        return std::nullopt;
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) {
            std::ostringstream help;
            root.exit(error, help, context.io().err);
            return conclude(context, context.print(help.str()));
        }
        std::string verb = "baton";
        const CLI::App* app = &root;
        while (!app->get_subcommands().empty()) {
            app = app->get_subcommands().front();
            verb += " " + app->get_name();
        }
        return conclude(context, invalid_argument(usage_message(*app, arguments, error),
                                                  verb + " --help shows usage and examples"));
    }
}

}  // namespace

int run(const std::vector<std::string>& arguments, Io& io) {
    CLI::App root("Baton hands trained models from the people who build them to the people who run them, with proof.",
                  "baton");
    GlobalOptions options;
    root.add_flag("--json", options.json, "Print exactly one JSON document");
    root.add_option("--server", options.server, "URL of the server")->type_name("URL");
    root.add_option("--profile", options.profile, "A server that was logged in to")->type_name("NAME");
    root.require_subcommand(1);
    root.footer(footer);
    root.formatter(std::make_shared<HelpText>());

    Action chosen;
    add_verbs(root, chosen);
    Context context(options, io);
    if (const auto code = parse(root, arguments, context)) return *code;

    return conclude(context, act(chosen, context));
}

}  // namespace baton::cli
