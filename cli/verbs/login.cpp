// baton login: remembers a server and a token.
#include <CLI/CLI.hpp>
#include <istream>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/print.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string url;
    std::string token;
};

const std::string which_profile =
    "Without --profile it becomes the one that all commands use. With --profile NAME it is kept under that name, for\n"
    "commands with --profile NAME; baton profile use NAME makes it the default.\n\n";

Result<std::string> token_of(const Arguments& arguments, Io& io) {
    std::string token = arguments.token;
    if (token.empty()) token = io.environment("BATON_TOKEN").value_or("");
    if (token == "-") std::getline(io.in, token);
    if (token.empty()) return invalid_argument("there is no token", "give --token TOKEN, --token - or BATON_TOKEN");
    return token;
}

Status login(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(const std::string token, token_of(arguments, context.io()));
    const std::string url = normal_url(arguments.url);
    BATON_ASSIGN(auto client, server::HttpClient::create({.url = url, .token = token}));
    BATON_ASSIGN(Json me, Api(std::move(client)).get(api_path({"whoami"})));

    BATON_ASSIGN(const ProfileStore store, ProfileStore::locate(context.io()));
    BATON_ASSIGN(Profiles profiles, store.load());
    const std::string& wanted = context.options().profile;
    const std::string name = wanted.empty() ? "default" : wanted;
    profiles.profiles[name] = {.url = url, .token = token};
    if (wanted.empty() || !profiles.profiles.contains(profiles.default_name)) profiles.default_name = name;
    const bool is_default = profiles.default_name == name;
    BATON_TRY(store.save(profiles));

    me["profile"] = name;
    me["default"] = is_default;
    if (!is_default) {
        context.note("the default profile is still " + profiles.default_name + "; baton profile use " + name +
                     " changes that");
    }
    return context.answer(me, [&](std::ostream& out) {
        out << "logged in to " << url << " as " << printable(caller_name(me)) << " ("
            << printable(joined(texts(me, "roles"))) << "), profile " << printable(name)
            << (is_default ? ", the default" : "") << "\n";
    });
}

}  // namespace

void add_login(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "login", "Remember a server and a token in a profile",
                              {"baton login http://127.0.0.1:8080 --token btp_…",
                               "baton login https://baton.example --token - --profile work < token.txt"});
    verb->footer(which_profile + verb->get_footer());
    verb->add_option("URL", arguments->url, "The server")->required();
    verb->add_option("--token", arguments->token, "The token; - reads it from standard input")->type_name("TOKEN");
    when_chosen(verb, chosen, [arguments](Context& context) { return login(context, *arguments); });
}

}  // namespace baton::cli
