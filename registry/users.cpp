#include <algorithm>

#include "registry/audit.h"
#include "registry/identity.h"
#include "registry/storage/filter_sql.h"
#include "registry/storage/identity_changes.h"
#include "registry/storage/user_table.h"
#include "registry/workflow.h"

namespace baton::registry {
namespace {

using storage::FieldKind;
using storage::ListField;

constexpr std::array<ListField, 4> fields = {{
    {.name = "name", .expression = "u.name"},
    {.name = "roles", .expression = "u.roles"},
    {.name = "disabled", .kind = FieldKind::number, .expression = "u.disabled"},
    {.name = "created_at", .kind = FieldKind::time, .expression = "u.created_at"},
}};
constexpr storage::ListDefinition users_list = {
    .name = "users", .fields = fields, .default_order = "name", .key = "name"};

AuditRecord record_of(std::string action, const User& user) {
    return {.action = std::move(action),
            .object = "user/" + user.name.text(),
            .digest = std::nullopt,
            .details = {{"roles", storage::roles_text(user.roles)}, {"disabled", user.disabled ? "true" : "false"}}};
}

bool is_admin(const User& user) { return !user.disabled && user.roles.contains(Role::admin); }

}  // namespace

Result<User> create_user(Transaction& transaction, const UserName& name, const Roles& roles) {
    BATON_TRY(require_role(transaction.caller(), Role::admin));
    if (name == system_caller().user) return invalid_argument("the user name system is reserved");
    if (roles.empty()) return invalid_argument("a user needs at least one role", "viewer is the least of them");
    if (storage::find_user(transaction.connection(), name))
        return Error{.code = Code::already_exists, .message = "there is a user " + name.text() + " already"};
    const User user{.name = name, .roles = roles, .disabled = false, .created_at = transaction.now()};
    storage::insert_user(transaction.connection(), user);
    append_audit(transaction, record_of("user.created", user));
    storage::announce_identity_change(transaction);
    return user;
}

Result<User> edit_user(Transaction& transaction, const UserName& name, const UserEdit& edit) {
    BATON_TRY(require_role(transaction.caller(), Role::admin));
    auto user = storage::find_user(transaction.connection(), name);
    if (!user) return not_found("there is no user " + name.text());
    if (edit.roles && edit.roles->empty())
        return invalid_argument("a user needs at least one role", "or disable the user");
    const bool changes =
        edit.roles.value_or(user->roles) != user->roles || edit.disabled.value_or(user->disabled) != user->disabled;
    if (!changes) return *user;
    const StandingRequests standing = standing_requests_decided_by(transaction, name);
    user->roles = edit.roles.value_or(user->roles);
    user->disabled = edit.disabled.value_or(user->disabled);
    storage::update_user(transaction.connection(), *user);
    const std::vector<User> users = storage::all_users(transaction.connection());
    if (std::none_of(users.begin(), users.end(), is_admin))
        return failed_precondition("no admin would be left", "make another user admin first");
    append_audit(transaction, record_of("user.changed", *user));
    BATON_TRY(reassess(transaction, standing));
    storage::announce_identity_change(transaction);
    return *user;
}

Result<Page<User>> list_users(const Snapshot& snapshot, const Caller& caller, const PageRequest& page) {
    BATON_TRY(require_role(caller, Role::admin));
    BATON_ASSIGN(const storage::ListQuery query, storage::ListQuery::create(users_list, page));
    BATON_ASSIGN(storage::ListRows rows, query.run(snapshot.connection(), storage::user_columns, "users u"));
    Page<User> users{.items = {}, .next_token = std::move(rows.next_token)};
    for (const storage::Row& row : rows.rows) users.items.push_back(storage::user_of(row));
    return users;
}

}  // namespace baton::registry
