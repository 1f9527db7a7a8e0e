#include "registry/storage/live_set_table.h"

#include "registry/storage/database.h"

namespace baton::registry::storage {

std::int64_t live_set_revision(Connection& connection) {
    return connection.query_one("SELECT revision FROM live_set WHERE id = 1").value().integer(0);
}

std::int64_t bump_live_revision(Transaction& transaction) {
    Connection& connection = transaction.connection();
    const std::int64_t revision =
        connection.query_one("UPDATE live_set SET revision = revision + 1 WHERE id = 1 RETURNING revision")
            .value()
            .integer(0);
    connection.after_commit([&observer = transaction.observer(), revision] { observer.live_set_moved(revision); });
    return revision;
}

}  // namespace baton::registry::storage
