// Bringing a database to the schema of this binary.
#pragma once

#include <span>

#include "migrations/embedded.h"
#include "registry/storage/database.h"

namespace baton::registry::storage {

// Applies those of `migrations` (in order of their numbers) that `database` has not seen, each in a transaction with
// its row in schema_migrations (number, name, SHA-256 of the text). failed_precondition: the database has a migration
// that is not in the list, or one with another text under the same number; nothing is applied then.
Status migrate(Database& database, std::span<const migrations::Migration> migrations);

}  // namespace baton::registry::storage
