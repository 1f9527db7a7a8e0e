// Users, tokens, and who the caller is.
#include "registry/identity.h"
#include "server/native/json_body.h"
#include "server/native/json_out.h"
#include "server/native/routes.h"

namespace baton::server::native {
namespace {

using registry::Answer;
using registry::Transaction;

Result<registry::Roles> parse_roles(const std::vector<std::string>& names) {
    registry::Roles roles;
    for (const std::string& name : names) {
        const auto role = registry::parse_role(name);
        if (!role) {
            return invalid_argument("\"" + name + "\" is no role.",
                                    "Roles are viewer, developer, approver, deployer and admin.");
        }
        roles.insert(*role);
    }
    return roles;
}

Response create_user_now(const Api& api, const Request& request) {
    return api.change(request, [&](Transaction& transaction) -> Result<Answer> {
        BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
        const std::string name_text = body.required_text("name");
        const auto role_names = body.texts("roles");
        BATON_TRY(body.finish());
        BATON_ASSIGN(const registry::UserName name, registry::UserName::parse(name_text));
        BATON_ASSIGN(const registry::Roles roles, parse_roles(role_names.value_or(std::vector<std::string>{"viewer"})));
        BATON_ASSIGN(const registry::User user, create_user(transaction, name, roles));
        return json_answer(201, to_json(user));
    });
}

struct UserChange {
    registry::UserName name;
    registry::UserEdit edit;
};

Result<UserChange> read_user_change(const Request& request) {
    BATON_ASSIGN(registry::UserName name, registry::UserName::parse(request.parameter("user")));
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    const auto role_names = body.texts("roles");
    registry::UserEdit edit;
    edit.disabled = body.boolean("disabled");
    BATON_TRY(body.finish());
    if (role_names) {
        BATON_ASSIGN(edit.roles, parse_roles(*role_names));
    }
    return UserChange{std::move(name), std::move(edit)};
}

Response edit_user_now(const Api& api, const Request& request) {
    return api.change(request, [&](Transaction& transaction) -> Result<Answer> {
        BATON_ASSIGN(const UserChange change, read_user_change(request));
        BATON_ASSIGN(const registry::User user, edit_user(transaction, change.name, change.edit));
        return json_answer(200, to_json(user));
    });
}

Response users(const Api& api, const Request& request) {
    return api.read(request,
                    [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
                        BATON_ASSIGN(const registry::PageRequest page, page_request(request));
                        BATON_ASSIGN(const registry::Page<registry::User> found, list_users(snapshot, caller, page));
                        return Response::json(200, page_json(found));
                    });
}

Result<registry::NewToken> read_token(const Request& request, const registry::Caller& caller) {
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    const std::string user = body.text("user").value_or(caller.user.text());
    const std::string name = body.text("name").value_or("");
    const auto role_names = body.texts("roles");
    const auto models = body.texts("models");
    const auto environments = body.texts("environments");
    const auto expires_in = body.integer("expires_in");
    BATON_TRY(body.finish());
    BATON_ASSIGN(registry::UserName owner, registry::UserName::parse(user));
    registry::NewToken token{.user = std::move(owner), .name = name, .roles = {}, .models = {}, .environments = {}};
    if (role_names) {
        BATON_ASSIGN(token.roles, parse_roles(*role_names));
    }
    token.models = models.value_or(std::vector<std::string>());
    token.environments = environments.value_or(std::vector<std::string>());
    if (expires_in) token.expires_in = std::chrono::seconds(*expires_in);
    return token;
}

Response create_token_now(const Api& api, const Request& request) {
    return api.change_unstored(request, [&](Transaction& transaction) -> Result<Answer> {
        BATON_ASSIGN(const registry::NewToken token, read_token(request, transaction.caller()));
        BATON_ASSIGN(const registry::CreatedToken created, create_token(transaction, token));
        Answer answer = json_answer(201, to_json(created));
        answer.headers.emplace_back("Cache-Control", "no-store");
        return answer;
    });
}

Response tokens(const Api& api, const Request& request) {
    return api.read(request,
                    [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
                        BATON_ASSIGN(const registry::PageRequest page, page_request(request));
                        BATON_ASSIGN(const registry::Page<registry::Token> found, list_tokens(snapshot, caller, page));
                        return Response::json(200, page_json(found));
                    });
}

Response token(const Api& api, const Request& request) {
    return api.read(request,
                    [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
                        BATON_ASSIGN(const registry::Token found,
                                     get_token(snapshot, caller, std::string(request.parameter("id"))));
                        return Response::json(200, to_json(found));
                    });
}

Response revoke(const Api& api, const Request& request) {
    return api.change(request, [&](Transaction& transaction) -> Result<Answer> {
        BATON_TRY(revoke_token(transaction, std::string(request.parameter("id"))));
        return json_answer(200, "{}");
    });
}

Response whoami(const Api& api, const Request& request) {
    return api.with_caller(request, [](const registry::Caller& caller) -> Result<Response> {
        return Response::json(200, to_json(caller));
    });
}

}  // namespace

void add_identity_routes(Router& router, const Api& api) {
    pooled(router, api, Method::post, "/api/v1/users", create_user_now);
    pooled(router, api, Method::get, "/api/v1/users", users);
    pooled(router, api, Method::patch, "/api/v1/users/{user}", edit_user_now);
    pooled(router, api, Method::post, "/api/v1/tokens", create_token_now);
    pooled(router, api, Method::get, "/api/v1/tokens", tokens);
    pooled(router, api, Method::get, "/api/v1/tokens/{id}", token);
    pooled(router, api, Method::del, "/api/v1/tokens/{id}", revoke);
    pooled(router, api, Method::get, "/api/v1/whoami", whoami);
}

}  // namespace baton::server::native
