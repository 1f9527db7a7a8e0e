#include "registry/audit.h"

#include "registry/canonical_json.h"
#include "registry/storage/audit_table.h"

namespace baton::registry {

void append_audit(Transaction& transaction, const AuditRecord& record) {
    const storage::AuditHead head = storage::audit_head(transaction.connection());
    AuditEntry entry{.sequence = head.sequence + 1,
                     .time = transaction.now(),
                     .actor = transaction.caller().user.text(),
                     .action = record.action,
                     .object = record.object,
                     .digest = record.digest,
                     .details = record.details,
                     .request_id = transaction.call().request_id,
                     .method = transaction.caller().token_id.empty() ? "system" : "token",
                     .credential = transaction.caller().token_id,
                     .format = 2,
                     .hash = {}};
    entry.hash = chain_hash(head.hash, entry);
    storage::insert_audit(transaction.connection(), entry);
}

std::string canonical_audit_entry(const AuditEntry& entry) {
    std::map<std::string, std::string> members = {
        {"action", canonical_string(entry.action)},
        {"actor", canonical_string(entry.actor)},
        {"details", canonical_strings(entry.details)},
        {"object", canonical_string(entry.object)},
        {"request_id", canonical_string(entry.request_id)},
        {"sequence", std::to_string(entry.sequence)},
        {"time", canonical_string(format_timestamp(entry.time))},
    };
    if (entry.format >= 2) {
        members.emplace("format", canonical_string("baton-audit/" + std::to_string(entry.format)));
        members.emplace("method", canonical_string(entry.method));
        if (!entry.credential.empty()) members.emplace("credential", canonical_string(entry.credential));
    }
    if (entry.digest) members.emplace("digest", canonical_string(entry.digest->text()));
    return canonical_object(members);
}

Digest chain_hash(const Digest& previous, const AuditEntry& entry) {
    Sha256 hash;
    hash.update(std::as_bytes(std::span(previous.bytes())));
    hash.update(canonical_audit_entry(entry));
    return hash.finish();
}

std::optional<IntegrityProblem> verify_audit_chain(const Snapshot& snapshot) {
    constexpr std::int64_t batch = 1000;
    storage::AuditHead head;
    while (true) {
        const auto entries = storage::audit_entries_after(snapshot.connection(), head.sequence, batch);
        if (entries.empty()) return std::nullopt;
        for (const AuditEntry& entry : entries) {
            if (entry.sequence != head.sequence + 1)
                return IntegrityProblem{"the audit log has no entry " + std::to_string(head.sequence + 1)};
            if (entry.hash != chain_hash(head.hash, entry))
                return IntegrityProblem{"audit entry " + std::to_string(entry.sequence) +
                                        " does not fit the chain: it, or one before it, was altered"};
            head = {entry.sequence, entry.hash};
        }
    }
}

}  // namespace baton::registry
