// baton token create, list, revoke.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/duration.h"
#include "cli/print.h"
#include "cli/table.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string user;
    std::string name;
    std::vector<std::string> roles;
    std::vector<std::string> models;
    std::vector<std::string> environments;
    std::string expires;
    std::string id;
};

// When no answer came, the token may exist all the same, and nobody has its secret.
Result<Json> ask_for_token(Api& api, const Json& body) {
    auto token = api.post_once(api_path({"tokens"}), body);
    if (token.ok() || token.error().code != Code::unavailable) return token;
    Error error = token.error();
    error.hint += "; baton token list shows whether it was made all the same, baton token revoke ends it";
    return error;
}

Status create(Context& context, const Arguments& arguments) {
    Json body = {{"user", arguments.user}};
    if (!arguments.name.empty()) body["name"] = arguments.name;
    if (!arguments.roles.empty()) body["roles"] = arguments.roles;
    if (!arguments.models.empty()) body["models"] = arguments.models;
    if (!arguments.environments.empty()) body["environments"] = arguments.environments;
    if (!arguments.expires.empty()) {
        BATON_ASSIGN(const std::chrono::seconds lifetime, parse_duration(arguments.expires));
        body["expires_in"] = lifetime.count();
    }
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json token, ask_for_token(api, body));
    if (!context.options().json) {
        context.note("token " + text(token, "id") + " of " + arguments.user + "; the secret is shown only now");
    }
    return context.answer(token, [&](std::ostream& out) { out << text(token, "secret") << "\n"; });
}

Status list(Context& context) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json tokens, api.list({"tokens"}, {}));
    return context.answer({{"items", tokens}}, [&](std::ostream& out) {
        Table table({"ID", "USER", "NAME", "ROLES", "MODELS", "ENVIRONMENTS", "EXPIRES", "LAST USED"});
        for (const Json& token : tokens) {
            table.add({text(token, "id"), text(token, "user"), text(token, "name"), joined(texts(token, "roles")),
                       joined(texts(token, "models")), joined(texts(token, "environments")),
                       human_time(text(token, "expires_at")), human_time(text(token, "last_used_at"))});
        }
        table.print(out, context.style());
    });
}

Status revoke(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_TRY(api.remove(api_path({"tokens", arguments.id})));
    return context.answer({{"id", arguments.id}, {"revoked", true}},
                          [&](std::ostream& out) { out << "revoked token " << arguments.id << "\n"; });
}

void add_create(CLI::App& verb, Action& chosen, const std::shared_ptr<Arguments>& arguments) {
    CLI::App* creation = add_verb(verb, "create", "Create a token; prints its secret, alone, on standard output",
                                  {"baton token create --user dana --role developer --expires 30d",
                                   "BATON_TOKEN=$(baton token create --user ci --models 'credit-*')"});
    creation->add_option("--user", arguments->user, "Whose token")->type_name("NAME")->required();
    creation->add_option("--name", arguments->name, "What it is for")->type_name("TEXT");
    const auto repeatable = [&](const char* option, std::vector<std::string>& values, const char* help,
                                const char* type) {
        creation->add_option(option, values, help)->type_name(type)->allow_extra_args(false);
    };
    repeatable("--role", arguments->roles, "One of the user's roles (default: all); repeatable", "ROLE");
    repeatable("--models", arguments->models, "Only these models, * for any text (default: all); repeatable",
               "PATTERN");
    repeatable("--environments", arguments->environments, "Only these environments (default: all); repeatable",
               "PATTERN");
    creation->add_option("--expires", arguments->expires, "Lifetime: 12h, 90d, 8w (default: 90d)")->type_name("TIME");
    when_chosen(creation, chosen, [arguments](Context& context) { return create(context, *arguments); });
}

}  // namespace

void add_token(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "token", "Create, list and revoke tokens",
                              {"baton token create --user dana", "baton token list", "baton token revoke 4f2a"});
    verb->require_subcommand(1);
    add_create(*verb, chosen, arguments);

    when_chosen(add_verb(*verb, "list", "List the tokens, without their secrets", {"baton token list"}), chosen, list);

    CLI::App* revocation = add_verb(*verb, "revoke", "Revoke a token at once", {"baton token revoke 4f2a"});
    revocation->add_option("ID", arguments->id, "The token's id, from baton token list")->required();
    when_chosen(revocation, chosen, [arguments](Context& context) { return revoke(context, *arguments); });
}

}  // namespace baton::cli
