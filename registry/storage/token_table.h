// Rows of tokens. The secret itself is never stored, only its SHA-256.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/identity.h"
#include "registry/storage/database.h"

namespace baton::registry::storage {

inline constexpr std::string_view token_columns =
    "t.id, t.user_name, t.name, t.roles, t.models, t.environments, t.created_at, t.expires_at, t.last_used_at";
Token token_of(const Row& row);  // from token_columns

struct HashedToken {
    Digest secret_hash;
    Token token;
};

std::optional<Token> find_token(Connection& connection, const std::string& id);  // not when revoked
std::vector<HashedToken> valid_tokens(Connection& connection);                   // not revoked; may have expired
void insert_token(Connection& connection, const HashedToken& token);
void revoke_token(Connection& connection, const std::string& id, Timestamp now);
void touch_token(Connection& connection, const std::string& id, Timestamp used);

}  // namespace baton::registry::storage
