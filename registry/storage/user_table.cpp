#include "registry/storage/user_table.h"

#include "base/joined.h"
#include "registry/storage/values.h"

namespace baton::registry::storage {
namespace {
const std::string select_users = "SELECT " + std::string(user_columns) + " FROM users u";
}

std::string roles_text(const Roles& roles) {
    std::set<std::string_view> names;
    for (const Role role : roles) names.insert(role_name(role));
    return joined(names, ",");
}

Roles roles_of(std::string_view text) {
    Roles roles;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const auto role = parse_role(text.substr(0, comma));
        if (!role) throw StorageError(StorageError::Kind::corrupt, "no role: " + std::string(text));
        roles.insert(*role);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return roles;
}

User user_of(const Row& row) {
    return {.name = UserName::trusted(row.text(0)),
            .roles = roles_of(row.text(1)),
            .disabled = row.integer(2) != 0,
            .created_at = time_of(row, 3)};
}

std::optional<User> find_user(Connection& connection, const UserName& name) {
    const auto row = connection.query_one(select_users + " WHERE u.name = $1", {name.text()});
    return row ? std::optional(user_of(*row)) : std::nullopt;
}

bool any_user(Connection& connection) { return connection.query_one("SELECT 1 FROM users LIMIT 1").has_value(); }

std::vector<User> all_users(Connection& connection) {
    std::vector<User> users;
    for (const Row& row : connection.query(select_users)) users.push_back(user_of(row));
    return users;
}

void insert_user(Connection& connection, const User& user) {
    connection.execute(
        "INSERT INTO users (name, roles, disabled, created_at) VALUES ($1, $2, $3, $4)",
        {user.name.text(), roles_text(user.roles), std::int64_t{user.disabled}, to_value(user.created_at)});
}

void update_user(Connection& connection, const User& user) {
    connection.execute("UPDATE users SET roles = $2, disabled = $3 WHERE name = $1",
                       {user.name.text(), roles_text(user.roles), std::int64_t{user.disabled}});
}

}  // namespace baton::registry::storage
