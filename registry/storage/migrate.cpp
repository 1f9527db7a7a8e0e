#include "registry/storage/migrate.h"

#include "base/digest.h"

namespace baton::registry::storage {
namespace {

using migrations::Migration;

struct Applied {
    std::int64_t number = 0;
    std::string name;
    std::string checksum;
};

Result<std::vector<Applied>> applied_migrations(Database& database) {
    std::vector<Applied> applied;
    BATON_TRY(database.write([&](Connection& connection) -> Status {
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations ("
            " number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL CHECK (length(checksum) = 64)) "
            "STRICT");
        for (const Row& row : connection.query("SELECT number, name, checksum FROM schema_migrations ORDER BY number"))
            applied.push_back({row.integer(0), row.text(1), row.text(2)});
        return {};
    }));
    return applied;
}

// What is applied must be a beginning of what is known.
Status check_applied(const std::vector<Applied>& applied, std::span<const Migration> known) {
    for (std::size_t i = 0; i < applied.size(); ++i) {
        if (i >= known.size() || known[i].number != applied[i].number) {
            return failed_precondition(
                "the database has migration " + applied[i].name + ", which this binary does not know",
                "use the newer baton that wrote it, or restore a backup of before the upgrade");
        }
        if (sha256(known[i].sql).hex() != applied[i].checksum) {
            return failed_precondition(
                "migration " + applied[i].name + " was applied with another text than this binary has",
                "use the baton that created this database");
        }
    }
    return {};
}

Status apply(Database& database, const Migration& migration) {
    return database.write([&](Connection& connection) -> Status {
        connection.script(migration.sql);
        connection.execute("INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)",
                           {migration.number, std::string(migration.name), sha256(migration.sql).hex()});
        return {};
    });
}

}  // namespace

Status migrate(Database& database, std::span<const Migration> migrations) {
    BATON_ASSIGN(const std::vector<Applied> applied, applied_migrations(database));
    BATON_TRY(check_applied(applied, migrations));
    for (const Migration& migration : migrations.subspan(applied.size())) BATON_TRY(apply(database, migration));
    return {};
}

Status migrate(Database& database) { return migrate(database, migrations::all()); }

}  // namespace baton::registry::storage
