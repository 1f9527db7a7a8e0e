// The audit log: append-only, each entry chained to the hash of the one before. The one seam for a Merkle log.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "registry/objects.h"
#include "registry/paging.h"
#include "registry/store.h"

namespace baton::registry {

struct AuditRecord {
    std::string action;
    std::string object;
    std::optional<Digest> digest;
    std::map<std::string, std::string> details;
};

// Appends in the running transaction, with its caller and their credential, its time and request id.
void append_audit(Transaction&, const AuditRecord&);

// For admins, and for viewers whose token is limited to neither models nor environments. `after`: sequence of the last entry seen.
Result<Page<AuditEntry>> list_audit(const Snapshot&, const Caller&, const PageRequest&, std::int64_t after);

// The first entry that is missing or does not fit the hash before it; nullopt when the chain is whole. What was cut off
// at the end cannot be seen from inside.
std::optional<IntegrityProblem> verify_audit_chain(const Snapshot&);

// The bytes that an entry's hash covers, after the 32 bytes of the hash before it. Format: docs/formats.md.
std::string canonical_audit_entry(const AuditEntry&);
Digest chain_hash(const Digest& previous, const AuditEntry&);

}  // namespace baton::registry
