// Users and tokens.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "registry/caller.h"
#include "registry/paging.h"
#include "registry/store.h"

namespace baton::registry {

struct User {
    UserName name;
    Roles roles;
    bool disabled = false;
    Timestamp created_at;
};

struct Token {
    std::string id;
    UserName user;
    std::string name;
    Roles roles;
    std::vector<std::string> models;
    std::vector<std::string> environments;
    Timestamp created_at;
    std::optional<Timestamp> expires_at;
    std::optional<Timestamp> last_used_at;
};

struct NewToken {
    UserName user;
    std::string name;
    std::optional<Roles> roles;  // absent: all of the user's
    std::vector<std::string> models;
    std::vector<std::string> environments;
    std::chrono::seconds expires_in{90 * 24 * 3600};
};
struct CreatedToken {
    Token token;
    std::string secret;  // shown once
};

Result<User> create_user(Transaction&, const UserName&, const Roles&);
Result<Page<User>> list_users(const Snapshot&, const Caller&, const PageRequest&);
// For others: admin only. For oneself: no more rights than the calling token has.
Result<CreatedToken> create_token(Transaction&, const NewToken&);
Result<Page<Token>> list_tokens(const Snapshot&, const Caller&, const PageRequest&);
Result<Token> get_token(const Snapshot&, const Caller&, const std::string& id);
Status revoke_token(Transaction&, const std::string& id);

// Creates the first admin and its token on a fresh store; nullopt when any user exists.
Result<std::optional<CreatedToken>> bootstrap_admin(Store&);

// Format (spec: prefix, 30 random base62 characters, 6 of checksum): docs/api.md.
std::string make_token_secret(std::string_view random_bytes);  // 30 or more bytes
bool has_token_form(std::string_view secret);                  // prefix, alphabet and checksum fit

// Answers who a secret belongs to from memory, without the database. Emptied by itself when a user or token changes.
// Thread-safe.
class Authenticator {
public:
    Authenticator(const Store& store, const Clock& clock);
    ~Authenticator();
    // unauthenticated, the same message for unknown, expired and revoked.
    Result<Caller> authenticate(std::string_view secret) const;
    void refresh();  // rereads users and tokens; called after each change of them

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace baton::registry
