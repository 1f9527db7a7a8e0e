#include "registry/storage/audit_table.h"

#include "registry/storage/values.h"

namespace baton::registry::storage {

AuditEntry audit_entry_of(const Row& row) {
    return {.sequence = row.integer(0),
            .time = time_of(row, 1),
            .actor = row.text(2),
            .action = row.text(3),
            .object = row.text(4),
            .digest = optional_digest_of(row, 5),
            .details = map_from_json(row.text(6)),
            .request_id = row.text(7),
            .method = row.text(9),
            .credential = row.text(10),
            .format = row.integer(11),
            .hash = digest_of(row, 8)};
}

AuditHead audit_head(Connection& connection) {
    const auto row = connection.query_one("SELECT sequence, hash FROM audit_log ORDER BY sequence DESC LIMIT 1");
    if (!row) return {};
    return {row->integer(0), digest_of(*row, 1)};
}

void insert_audit(Connection& connection, const AuditEntry& entry) {
    connection.execute(
        "INSERT INTO audit_log (sequence, time, actor, action, object, digest, details, request_id, hash, method,"
        " credential, format) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        {entry.sequence, to_value(entry.time), entry.actor, entry.action, entry.object, to_value(entry.digest),
         to_json(entry.details), entry.request_id, to_value(entry.hash), entry.method, entry.credential, entry.format});
}

std::vector<AuditEntry> audit_entries_after(Connection& connection, std::int64_t sequence, std::int64_t limit) {
    std::vector<AuditEntry> entries;
    const std::string sql =
        "SELECT " + std::string(audit_columns) + " FROM audit_log a WHERE a.sequence > $1 ORDER BY a.sequence LIMIT $2";
    for (const Row& row : connection.query(sql, {sequence, limit})) entries.push_back(audit_entry_of(row));
    return entries;
}

}  // namespace baton::registry::storage
