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
    profiles.default_name = name;
    BATON_TRY(store.save(profiles));

    me["profile"] = name;
    return context.answer(me, [&](std::ostream& out) {
        out << "logged in to " << url << " as " << printable(caller_name(me)) << " ("
            << printable(joined(texts(me, "roles"))) << "), profile " << name << "\n";
    });
}

}  // namespace

void add_login(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "login", "Remember a server and a token in the profile file",
                              {"baton login http://127.0.0.1:8080 --token bt…",
                               "baton login https://baton.example --token - --profile work < token.txt"});
    verb->add_option("URL", arguments->url, "The server")->required();
    verb->add_option("--token", arguments->token, "The token; - reads it from standard input")->type_name("TOKEN");
    when_chosen(verb, chosen, [arguments](Context& context) { return login(context, *arguments); });
}

}  // namespace baton::cli
