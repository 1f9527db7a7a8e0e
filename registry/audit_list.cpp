// Reading the audit log in pages.
#include "registry/audit.h"
#include "registry/storage/audit_table.h"
#include "registry/storage/filter_sql.h"

namespace baton::registry {
namespace {

using storage::FieldKind;
using storage::ListField;

constexpr std::array<ListField, 10> fields = {{
    {.name = "seq", .kind = FieldKind::number, .expression = "a.sequence"},
    {.name = "time", .kind = FieldKind::time, .expression = "a.time"},
    {.name = "actor", .expression = "a.actor"},
    {.name = "action", .expression = "a.action"},
    {.name = "object", .expression = "a.object"},
    {.name = "digest", .kind = FieldKind::digest, .expression = "a.digest", .nullable = true},
    {.name = "request_id", .expression = "a.request_id"},
    {.name = "method", .expression = "a.method"},
    {.name = "credential", .expression = "a.credential"},
    {.name = "hash", .kind = FieldKind::digest, .expression = "a.hash"},
}};
constexpr storage::ListDefinition audit_list = {
    .name = "audit", .fields = fields, .default_order = "seq", .key = "seq"};

// The log tells of all models and environments, and of who holds which token.
Status require_audit(const Caller& caller) {
    if (caller.has(Role::admin)) return {};
    const bool limited = !caller.models.empty() || !caller.environments.empty();
    if (caller.has(Role::viewer) && !limited) return {};
    return Error{.code = Code::permission_denied,
                 .message = limited ? "the audit log tells of everything; this token is limited to some of it"
                                    : "the audit log needs the role viewer or admin",
                 .hint = "use a token with the role viewer and without limits, or one with the role admin"};
}

}  // namespace

Result<Page<AuditEntry>> list_audit(const Snapshot& snapshot, const Caller& caller, const PageRequest& page,
                                    std::int64_t after) {
    BATON_TRY(require_audit(caller));
    BATON_ASSIGN(storage::ListQuery query, storage::ListQuery::create(audit_list, page));
    query.where("a.sequence > ?", {after});
    BATON_ASSIGN(storage::ListRows rows, query.run(snapshot.connection(), storage::audit_columns, "audit_log a"));
    Page<AuditEntry> entries{.items = {}, .next_token = std::move(rows.next_token)};
    for (const storage::Row& row : rows.rows) entries.items.push_back(storage::audit_entry_of(row));
    return entries;
}

}  // namespace baton::registry
