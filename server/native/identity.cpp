// Users, tokens, and who the caller is.
#include "registry/identity.h"
#include "server/native/json_body.h"
#include "server/native/json_out.h"
#include "server/native/routes.h"

namespace baton::server::native {
namespace {

using registry::Answer;
using registry::Transaction;

struct NewUser {
    registry::UserName name;
    registry::Roles roles;
};

Result<NewUser> read_new_user(const Request& request) {
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    const std::string name_text = body.required_text("name");
    const auto role_names = body.texts("roles");
    BATON_TRY(body.finish());
    BATON_ASSIGN(registry::UserName name, registry::UserName::parse(name_text));
    BATON_ASSIGN(registry::Roles roles, registry::parse_roles(role_names.value_or(std::vector<std::string>{"viewer"})));
    return NewUser{std::move(name), std::move(roles)};
}

Response create_user_now(const Api& api, const Request& request) {
    return api.change(request, read_new_user, [](Transaction& transaction, const NewUser& wanted) -> Result<Answer> {
        BATON_ASSIGN(const registry::User user, create_user(transaction, wanted.name, wanted.roles));
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
        BATON_ASSIGN(edit.roles, registry::parse_roles(*role_names));
    }
    return UserChange{std::move(name), std::move(edit)};
}

Response edit_user_now(const Api& api, const Request& request) {
    return api.change(request, read_user_change,
                      [](Transaction& transaction, const UserChange& change) -> Result<Answer> {
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

// Who it is for is known only once the caller is: without a user, it is for them.
struct WantedToken {
    std::optional<registry::UserName> user;
    std::string name;
    std::optional<registry::Roles> roles;
    std::vector<std::string> models;
    std::vector<std::string> environments;
    std::optional<std::int64_t> expires_in;
};

Result<WantedToken> read_token(const Request& request) {
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    const auto user = body.text("user");
    const auto role_names = body.texts("roles");
    WantedToken wanted;
    wanted.name = body.text("name").value_or("");
    wanted.models = body.texts("models").value_or(std::vector<std::string>());
    wanted.environments = body.texts("environments").value_or(std::vector<std::string>());
    wanted.expires_in = body.integer("expires_in");
    BATON_TRY(body.finish());
    if (user) {
        BATON_ASSIGN(wanted.user, registry::UserName::parse(*user));
    }
    if (role_names) {
        BATON_ASSIGN(wanted.roles, registry::parse_roles(*role_names));
    }
    return wanted;
}

Response create_token_now(const Api& api, const Request& request) {
    return api.change_unstored(request, read_token,
                               [](Transaction& transaction, const WantedToken& wanted) -> Result<Answer> {
                                   registry::NewToken token{.user = wanted.user.value_or(transaction.caller().user),
                                                            .name = wanted.name,
                                                            .roles = wanted.roles,
                                                            .models = wanted.models,
                                                            .environments = wanted.environments};
                                   if (wanted.expires_in) token.expires_in = std::chrono::seconds(*wanted.expires_in);
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

Result<std::string> read_token_id(const Request& request) { return std::string(request.parameter("id")); }

Response revoke(const Api& api, const Request& request) {
    return api.change(request, read_token_id, [](Transaction& transaction, const std::string& id) -> Result<Answer> {
        BATON_TRY(revoke_token(transaction, id));
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
