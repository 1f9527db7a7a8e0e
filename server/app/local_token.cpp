#include "server/app/local_token.h"

#include "registry/identity.h"
#include "server/app/data_folder.h"

namespace baton::server {
namespace {

using registry::CreatedToken;
using registry::NewToken;
using registry::Transaction;

Result<NewToken> wanted_token(const LocalTokenOptions& options) {
    BATON_ASSIGN(registry::UserName user, registry::UserName::parse(options.user));
    NewToken wanted{.user = std::move(user),
                    .name = options.name.empty() ? "made on the data folder by its operator" : options.name,
                    .roles = {},
                    .models = options.models,
                    .environments = options.environments};
    if (!options.roles.empty()) {
        BATON_ASSIGN(wanted.roles, registry::parse_roles(options.roles));
    }
    if (options.expires_in) wanted.expires_in = *options.expires_in;
    return wanted;
}

// For a user that is not there: who could be meant.
std::string hint_of_admins(const registry::Snapshot& snapshot) {
    const auto users = list_users(snapshot, registry::system_caller(), {.size = 1000});
    std::string names;
    if (users.ok()) {
        for (const registry::User& user : users->items) {
            if (user.disabled || !user.roles.contains(registry::Role::admin)) continue;
            names += (names.empty() ? "" : ", ") + user.name.text();
        }
    }
    return "admins are: " + names;
}

LocalToken local_token_of(const CreatedToken& created) {
    LocalToken token{.id = created.token.id,
                     .user = created.token.user.text(),
                     .name = created.token.name,
                     .roles = {},
                     .expires_at = created.token.expires_at ? format_timestamp(*created.token.expires_at) : "",
                     .secret = created.secret};
    for (const registry::Role role : created.token.roles) token.roles.emplace_back(role_name(role));
    return token;
}

}  // namespace

Result<LocalToken> create_local_token(const std::filesystem::path& data, const LocalTokenOptions& options) {
    BATON_ASSIGN(const NewToken wanted, wanted_token(options));
    const SystemClock clock;
    BATON_ASSIGN(const auto store, open_existing_metadata(data, clock));
    const registry::Call call{registry::system_caller(), "local-operator", std::nullopt};
    BATON_ASSIGN(const CreatedToken created,
                 store->write<CreatedToken>(call, [&](Transaction& transaction) -> Result<CreatedToken> {
                     auto token = create_token(transaction, wanted);
                     if (token.ok() || token.error().code != Code::not_found) return token;
                     Error error = std::move(token).error();
                     error.hint = hint_of_admins(transaction);
                     return error;
                 }));
    return local_token_of(created);
}

}  // namespace baton::server
