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
    std::optional<Roles> roles = {};  // absent: all of the user's
    std::vector<std::string> models = {};
    std::vector<std::string> environments = {};
    std::optional<std::chrono::seconds> expires_in = {};  // absent: 90 days
};
struct CreatedToken {
    Token token;
    std::string secret;  // shown once
};

// Absent fields stay as they are.
struct UserEdit {
    std::optional<Roles> roles = {};
    std::optional<bool> disabled = {};
};

// All of users is for admins.
Result<User> create_user(Transaction&, const UserName&, const Roles&);
// A role that is taken away is gone from the user's tokens at once, and with `disabled` all of them are.
// failed_precondition when no enabled admin would be left.
Result<User> edit_user(Transaction&, const UserName&, const UserEdit&);
Result<Page<User>> list_users(const Snapshot&, const Caller&, const PageRequest&);
// For others: admin only. For oneself: no more rights and no longer a life than the calling token has; what is not
// asked for is taken from it. Lists and single tokens: admins see all, others their own.
Result<CreatedToken> create_token(Transaction&, const NewToken&);
Result<Page<Token>> list_tokens(const Snapshot&, const Caller&, const PageRequest&);
Result<Token> get_token(const Snapshot&, const Caller&, const std::string& id);
Status revoke_token(Transaction&, const std::string& id);

// Creates the first admin and its token on a fresh store; nullopt when any user exists.
Result<std::optional<CreatedToken>> bootstrap_admin(Store&);

// btp_, 30 random characters of 0-9A-Za-z, 6 of checksum (CRC-32 of the 30, in the same alphabet): docs/api.md.
std::string make_token_secret(std::string_view random_bytes);  // 30 or more bytes
bool has_token_form(std::string_view secret);                  // prefix, alphabet and checksum fit

// Answers who a secret belongs to from memory, never from the database: users and tokens are read when it is made, and
// again by whoever changes them, before the change is answered. Thread-safe.
class Authenticator {
public:
    Authenticator(Store& store, const Clock& clock);  // the store must outlive it
    ~Authenticator();
    // unauthenticated, the same message for unknown, expired and revoked; unavailable while they could not be read.
    Result<Caller> authenticate(std::string_view secret) const;
    // Reads them again if that failed before; to be called often.
    Status catch_up() const;
    // Writes when tokens were used since the last call; to be called now and then, as no request writes it.
    Status record_use(Store& store) const;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace baton::registry
