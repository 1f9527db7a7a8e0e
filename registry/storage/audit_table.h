// Rows of the audit log.
#pragma once

#include <optional>
#include <vector>

#include "registry/objects.h"
#include "registry/storage/database.h"

namespace baton::registry::storage {

inline constexpr std::string_view audit_columns =
    "a.sequence, a.time, a.actor, a.action, a.object, a.digest, a.details, a.request_id, a.hash, a.method, "
    "a.credential, a.format";
AuditEntry audit_entry_of(const Row& row);  // from audit_columns

struct AuditHead {
    std::int64_t sequence = 0;
    Digest hash;  // zeros before the first entry
};
AuditHead audit_head(Connection& connection);
void insert_audit(Connection& connection, const AuditEntry& entry);
std::vector<AuditEntry> audit_entries_after(Connection& connection, std::int64_t sequence, std::int64_t limit);

}  // namespace baton::registry::storage
