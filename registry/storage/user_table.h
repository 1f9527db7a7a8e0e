// Rows of users.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/identity.h"
#include "registry/storage/database.h"

namespace baton::registry::storage {

inline constexpr std::string_view user_columns = "u.name, u.roles, u.disabled, u.created_at";
User user_of(const Row& row);  // from user_columns

// Roles as a column holds them: names, sorted, with commas between.
std::string roles_text(const Roles& roles);
Roles roles_of(std::string_view text);

std::optional<User> find_user(Connection& connection, const UserName& name);
bool any_user(Connection& connection);
std::vector<User> all_users(Connection& connection);
void insert_user(Connection& connection, const User& user);
void update_user(Connection& connection, const User& user);  // roles and disabled

}  // namespace baton::registry::storage
