// Reading the audit log in pages.
#include "registry/audit.h"
#include "registry/catalog_support.h"
#include "registry/storage/audit_table.h"
#include "registry/storage/filter_sql.h"

namespace baton::registry {
namespace {

using storage::FieldKind;
using storage::ListField;

constexpr std::array<ListField, 8> fields = {{
    {.name = "seq", .kind = FieldKind::number, .expression = "a.sequence"},
    {.name = "time", .kind = FieldKind::time, .expression = "a.time"},
    {.name = "actor", .expression = "a.actor"},
    {.name = "action", .expression = "a.action"},
    {.name = "object", .expression = "a.object"},
    {.name = "digest", .kind = FieldKind::digest, .expression = "a.digest", .nullable = true},
    {.name = "request_id", .expression = "a.request_id"},
    {.name = "hash", .kind = FieldKind::digest, .expression = "a.hash"},
}};
constexpr storage::ListDefinition audit_list = {
    .name = "audit", .fields = fields, .default_order = "seq", .key = "seq"};

}  // namespace

Result<Page<AuditEntry>> list_audit(const Snapshot& snapshot, const Caller& caller, const PageRequest& page,
                                    std::int64_t after) {
    BATON_TRY(require_any_role(caller));
    if (!caller.has(Role::admin) && !caller.models.empty()) {
        return Error{.code = Code::permission_denied,
                     .message = "the audit log tells of all models; this token is limited to some",
                     .hint = "use a token without model patterns, or one with the role admin"};
    }
    BATON_ASSIGN(storage::ListQuery query, storage::ListQuery::create(audit_list, page));
    query.where("a.sequence > ?", {after});
    BATON_ASSIGN(storage::ListRows rows, query.run(snapshot.connection(), storage::audit_columns, "audit_log a"));
    Page<AuditEntry> entries{.items = {}, .next_token = std::move(rows.next_token)};
    for (const storage::Row& row : rows.rows) entries.items.push_back(storage::audit_entry_of(row));
    return entries;
}

}  // namespace baton::registry
