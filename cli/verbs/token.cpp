// baton token create, list, revoke.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/duration.h"
#include "cli/print.h"
#include "cli/table.h"
#include "cli/verbs/verbs.h"
#include "server/app/local_token.h"

namespace baton::cli {
namespace {

struct Arguments {
    server::LocalTokenOptions token;  // what is asked for, of a server or of a folder
    std::string expires;
    std::string data;  // empty: ask the server
    std::string id;
};

const std::string recovery =
    "With --data DIR the token is made on the folder of a server that is stopped, by whoever may write that folder: "
    "the\n"
    "way back in when no admin has a token that is still good. The audit log says so.\n\n";

// When no answer came, the token may exist all the same, and nobody has its secret.
Result<Json> ask_for_token(Api& api, const Json& body) {
    auto token = api.post_once(api_path({"tokens"}), body);
    if (token.ok() || token.error().code != Code::unavailable) return token;
    Error error = token.error();
    error.hint += "; baton token list shows whether it was made all the same, baton token revoke ends it";
    return error;
}

Result<Json> token_of_server(Context& context, const server::LocalTokenOptions& wanted) {
    Json body = {{"user", wanted.user}};
    if (!wanted.name.empty()) body["name"] = wanted.name;
    if (!wanted.roles.empty()) body["roles"] = wanted.roles;
    if (!wanted.models.empty()) body["models"] = wanted.models;
    if (!wanted.environments.empty()) body["environments"] = wanted.environments;
    if (wanted.expires_in) body["expires_in"] = wanted.expires_in->count();
    BATON_ASSIGN(Api & api, context.api());
    return ask_for_token(api, body);
}

Result<Json> token_of_folder(const std::string& data, const server::LocalTokenOptions& wanted) {
    BATON_ASSIGN(const server::LocalToken token, server::create_local_token(data, wanted));
    return Json{{"id", token.id},
                {"user", token.user},
                {"name", token.name},
                {"roles", token.roles},
                {"expires_at", token.expires_at},
                {"secret", token.secret}};
}

Error secret_lost(const std::string& id, Error error) {
    error.message = "token " + id + " was made, but its secret is lost: " + error.message;
    error.hint = "make another; baton token revoke " + id + " ends this one";
    return error;
}

Status create(Context& context, const Arguments& arguments) {
    server::LocalTokenOptions wanted = arguments.token;
    if (!arguments.expires.empty()) {
        BATON_ASSIGN(wanted.expires_in, parse_duration(arguments.expires));
    }
    BATON_ASSIGN(const Json token,
                 arguments.data.empty() ? token_of_server(context, wanted) : token_of_folder(arguments.data, wanted));
    if (!context.options().json) {
        context.note("token " + text(token, "id") + " of " + wanted.user + "; the secret is shown only now");
    }
    const Status shown = context.answer(token, [&](std::ostream& out) { out << text(token, "secret") << "\n"; });
    return shown.ok() ? shown : secret_lost(text(token, "id"), shown.error());
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
                                   "BATON_TOKEN=$(baton token create --user ci --models 'credit-*')",
                                   "baton token create --user admin --data /var/lib/baton"});
    creation->footer(recovery + creation->get_footer());
    creation->add_option("--user", arguments->token.user, "Whose token")->type_name("NAME")->required();
    creation->add_option("--name", arguments->token.name, "What it is for")->type_name("TEXT");
    const auto repeatable = [&](const char* option, std::vector<std::string>& values, const char* help) {
        return creation->add_option(option, values, help)->type_name("PATTERN")->allow_extra_args(false);
    };
    one_role(repeatable("--role", arguments->token.roles, "One of the user's roles (default: all); repeatable"));
    repeatable("--models", arguments->token.models, "Only these models, * for any text (default: all); repeatable");
    repeatable("--environments", arguments->token.environments, "Only these environments (default: all); repeatable");
    creation->add_option("--expires", arguments->expires, "Lifetime: 12h, 90d, 8w (default: 90d)")->type_name("TIME");
    creation->add_option("--data", arguments->data, "Make it on this folder, without a server")->type_name("DIR");
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
