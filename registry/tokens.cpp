#include <unistd.h>

#include <algorithm>

#include "base/joined.h"
#include "registry/audit.h"
#include "registry/identity.h"
#include "registry/storage/filter_sql.h"
#include "registry/storage/identity_changes.h"
#include "registry/storage/token_table.h"
#include "registry/storage/user_table.h"
#include "registry/text_rules.h"

namespace baton::registry {
namespace {

using storage::FieldKind;
using storage::ListField;

constexpr std::size_t id_size = 12;  // of the secret: the prefix and 8 of 30 characters, which leaves 130 bits unknown
constexpr std::size_t random_size = 32;

constexpr std::array<ListField, 6> fields = {{
    {.name = "id", .expression = "t.id"},
    {.name = "user", .expression = "t.user_name"},
    {.name = "name", .expression = "t.name"},
    {.name = "created_at", .kind = FieldKind::time, .expression = "t.created_at"},
    {.name = "expires_at", .kind = FieldKind::time, .expression = "t.expires_at", .nullable = true},
    {.name = "last_used_at", .kind = FieldKind::time, .expression = "t.last_used_at", .nullable = true},
}};
constexpr storage::ListDefinition tokens_list = {
    .name = "tokens", .fields = fields, .default_order = "created_at desc", .key = "id"};

Error unknown_token(const std::string& id) {
    return not_found("there is no token " + id.substr(0, id_size),
                     "`baton token list` shows the tokens that you may see");
}

bool may_see(const Caller& caller, const Token& token) { return caller.has(Role::admin) || token.user == caller.user; }

bool is_subset(const Roles& some, const Roles& all) {
    return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

// Whether all that `pattern` matches is matched by one of `limits`; a '*' of the pattern is then covered by one of the
// limit.
bool within(const std::string& pattern, const std::vector<std::string>& limits) {
    return limits.empty() || std::any_of(limits.begin(), limits.end(),
                                         [&](const std::string& limit) { return matches_pattern(limit, pattern); });
}

// Narrows `wanted` to `limits`: nothing wanted means all that the limits allow.
Result<std::vector<std::string>> narrowed(std::string_view what, const std::vector<std::string>& wanted,
                                          const std::vector<std::string>& limits) {
    if (wanted.empty()) return limits;
    for (const std::string& pattern : wanted) {
        if (!within(pattern, limits)) {
            return Error{.code = Code::permission_denied,
                         .message = "the calling token does not reach the " + std::string(what) + " " + pattern,
                         .hint = "a token cannot make one with more rights than its own"};
        }
    }
    return wanted;
}

void check_patterns(TextCheck& check, std::string_view field, const std::vector<std::string>& patterns) {
    if (patterns.size() > 100) check.fail(field, "has more than 100 patterns");
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-' || c == '*';
    };
    for (const std::string& pattern : patterns) {
        if (pattern.empty() || pattern.size() > 128 || !std::all_of(pattern.begin(), pattern.end(), allowed))
            check.fail(field, "a pattern has 1 to 128 letters, digits, '.', '_', '-' and '*'");
    }
}

Status check_request(const NewToken& wanted) {
    constexpr std::chrono::days longest{3650};
    TextCheck check;
    check.text("name", wanted.name, 250);
    check_patterns(check, "models", wanted.models);
    check_patterns(check, "environments", wanted.environments);
    if (wanted.expires_in && (*wanted.expires_in <= std::chrono::seconds(0) || *wanted.expires_in > longest))
        check.fail("expires_in", "must be more than nothing and at most ten years");
    if (wanted.roles && wanted.roles->empty()) check.fail("roles", "must name at least one role");
    return check.status();
}

// The token without id and times. A self-made one has no more rights than the calling token.
Result<Token> grant(const Caller& caller, const User& user, const NewToken& wanted) {
    const bool own = caller.user == user.name;
    Roles limit = user.roles;
    if (own) std::erase_if(limit, [&](Role role) { return !caller.has(role); });
    Roles roles = wanted.roles.value_or(limit);
    if (!is_subset(roles, limit)) {
        return Error{.code = Code::permission_denied,
                     .message = "the token would have roles that " + (own ? "the calling token" : user.name.text()) +
                                " does not have; possible: " + storage::roles_text(limit),
                     .hint = "ask for fewer roles"};
    }
    static const std::vector<std::string> all;
    BATON_ASSIGN(auto models, narrowed("models", wanted.models, own ? caller.models : all));
    BATON_ASSIGN(auto environments, narrowed("environments", wanted.environments, own ? caller.environments : all));
    return Token{.id = {},
                 .user = user.name,
                 .name = wanted.name,
                 .roles = std::move(roles),
                 .models = std::move(models),
                 .environments = std::move(environments),
                 .created_at = {},
                 .expires_at = std::nullopt,
                 .last_used_at = std::nullopt};
}

// A self-made token ends with the calling one at the latest.
Result<Timestamp> end_of(const Caller& caller, const NewToken& wanted, Timestamp now) {
    constexpr std::chrono::days usual{90};
    const Timestamp end = now + wanted.expires_in.value_or(usual);
    if (caller.user != wanted.user || !caller.expires_at || end <= *caller.expires_at) return end;
    if (!wanted.expires_in) return *caller.expires_at;
    return Error{
        .code = Code::permission_denied,
        .message = "the token would outlive the calling one, which ends at " + format_timestamp(*caller.expires_at),
        .hint = "ask for less time, or ask an admin for a token"};
}

std::string random_bytes() {
    std::string bytes(random_size, '\0');
    if (::getentropy(bytes.data(), bytes.size()) != 0) std::abort();  // only fails for more than 256 bytes
    return bytes;
}

// What a token is limited to; "*" for nothing.
std::string patterns_text(const std::vector<std::string>& patterns) {
    return patterns.empty() ? "*" : joined(patterns, ",");
}

AuditRecord record_of(std::string action, const Token& token) {
    return {.action = std::move(action),
            .object = "token/" + token.id,
            .digest = std::nullopt,
            .details = {{"user", token.user.text()},
                        {"roles", storage::roles_text(token.roles)},
                        {"name", token.name},
                        {"models", patterns_text(token.models)},
                        {"environments", patterns_text(token.environments)},
                        {"expires_at", token.expires_at ? format_timestamp(*token.expires_at) : "never"}}};
}

}  // namespace

Result<CreatedToken> create_token(Transaction& transaction, const NewToken& wanted) {
    const Caller& caller = transaction.caller();
    if (caller.user != wanted.user) BATON_TRY(require_role(caller, Role::admin));
    BATON_TRY(check_request(wanted));
    const auto user = storage::find_user(transaction.connection(), wanted.user);
    if (!user) return not_found("there is no user " + wanted.user.text());
    if (user->disabled) return failed_precondition("the user " + wanted.user.text() + " is disabled");
    BATON_ASSIGN(Token token, grant(caller, *user, wanted));
    std::string secret = make_token_secret(random_bytes());
    token.id = secret.substr(0, id_size);
    token.created_at = transaction.now();
    BATON_ASSIGN(token.expires_at, end_of(caller, wanted, transaction.now()));
    storage::insert_token(transaction.connection(), {sha256(secret), token});
    append_audit(transaction, record_of("token.created", token));
    storage::announce_identity_change(transaction);
    return CreatedToken{std::move(token), std::move(secret)};
}

Result<Page<Token>> list_tokens(const Snapshot& snapshot, const Caller& caller, const PageRequest& page) {
    BATON_ASSIGN(storage::ListQuery query, storage::ListQuery::create(tokens_list, page));
    query.where("t.revoked_at IS NULL");
    if (!caller.has(Role::admin)) query.where("t.user_name = ?", {caller.user.text()});
    BATON_ASSIGN(storage::ListRows rows, query.run(snapshot.connection(), storage::token_columns, "tokens t"));
    Page<Token> tokens{.items = {}, .next_token = std::move(rows.next_token)};
    for (const storage::Row& row : rows.rows) tokens.items.push_back(storage::token_of(row));
    return tokens;
}

Result<Token> get_token(const Snapshot& snapshot, const Caller& caller, const std::string& id) {
    auto token = storage::find_token(snapshot.connection(), id);
    if (!token || !may_see(caller, *token)) return unknown_token(id);
    return *std::move(token);
}

Status revoke_token(Transaction& transaction, const std::string& id) {
    BATON_ASSIGN(const Token token, get_token(transaction, transaction.caller(), id));
    storage::revoke_token(transaction.connection(), id, transaction.now());
    append_audit(transaction, record_of("token.revoked", token));
    storage::announce_identity_change(transaction);
    return {};
}

Result<std::optional<CreatedToken>> bootstrap_admin(Store& store) {
    const Call call{.caller = system_caller(), .request_id = "bootstrap", .idempotency = std::nullopt};
    return store.write<std::optional<CreatedToken>>(
        call, [](Transaction& transaction) -> Result<std::optional<CreatedToken>> {
            if (storage::any_user(transaction.connection())) return std::optional<CreatedToken>();
            BATON_ASSIGN(const User admin, create_user(transaction, UserName::trusted("admin"), {Role::admin}));
            const NewToken wanted{.user = admin.name, .name = "first start"};
            BATON_ASSIGN(CreatedToken created, create_token(transaction, wanted));
            return std::optional(std::move(created));
        });
}

}  // namespace baton::registry
