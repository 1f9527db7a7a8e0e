#include "registry/storage/token_table.h"

#include "registry/storage/user_table.h"
#include "registry/storage/values.h"

namespace baton::registry::storage {

Token token_of(const Row& row) {
    return {.id = row.text(0),
            .user = UserName::trusted(row.text(1)),
            .name = row.text(2),
            .roles = roles_of(row.text(3)),
            .models = list_from_json(row.text(4)),
            .environments = list_from_json(row.text(5)),
            .created_at = time_of(row, 6),
            .expires_at = optional_time_of(row, 7),
            .last_used_at = optional_time_of(row, 8)};
}

std::optional<Token> find_token(Connection& connection, const std::string& id) {
    const std::string sql =
        "SELECT " + std::string(token_columns) + " FROM tokens t WHERE t.id = $1 AND t.revoked_at IS NULL";
    const auto row = connection.query_one(sql, {id});
    return row ? std::optional(token_of(*row)) : std::nullopt;
}

std::vector<HashedToken> valid_tokens(Connection& connection) {
    std::vector<HashedToken> tokens;
    const std::string sql =
        "SELECT " + std::string(token_columns) + ", t.secret_hash FROM tokens t WHERE t.revoked_at IS NULL";
    for (const Row& row : connection.query(sql)) tokens.push_back({digest_of(row, 9), token_of(row)});
    return tokens;
}

void insert_token(Connection& connection, const HashedToken& hashed) {
    const Token& token = hashed.token;
    connection.execute(
        "INSERT INTO tokens (id, secret_hash, user_name, name, roles, models, environments, created_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        {token.id, to_value(hashed.secret_hash), token.user.text(), token.name, roles_text(token.roles),
         to_json(token.models), to_json(token.environments), to_value(token.created_at), to_value(token.expires_at)});
}

void revoke_token(Connection& connection, const std::string& id, Timestamp now) {
    connection.execute("UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", {id, to_value(now)});
}

void touch_token(Connection& connection, const std::string& id, Timestamp used) {
    connection.execute(
        "UPDATE tokens SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
        {id, to_value(used)});
}

}  // namespace baton::registry::storage
