#include "registry/storage/request_list.h"

#include <array>

#include "registry/storage/filter_sql.h"
#include "registry/storage/request_table.h"

namespace baton::registry::storage {
namespace {

constexpr std::array<ListField, 11> fields = {{
    {.name = "id", .kind = FieldKind::number, .expression = "r.id"},
    {.name = "model", .expression = "r.model"},
    {.name = "version", .kind = FieldKind::number, .expression = "r.number"},
    {.name = "digest", .kind = FieldKind::digest, .expression = "r.digest"},
    {.name = "environment", .expression = "r.environment"},
    {.name = "state", .expression = "CASE WHEN r.state = 'open' AND r.satisfied = 1 THEN 'approved' ELSE r.state END"},
    {.name = "requester", .expression = "r.requester"},
    {.name = "approver",
     .expression = "d.user_name",
     .any_of = "EXISTS (SELECT 1 FROM decisions d WHERE d.request_id = r.id AND d.decision = 'approve' AND %)"},
    {.name = "notes", .expression = "r.notes"},
    {.name = "created_at", .kind = FieldKind::time, .expression = "r.created_at"},
    {.name = "expires_at", .kind = FieldKind::time, .expression = "r.expires_at"},
}};

constexpr ListDefinition requests = {.name = "requests", .fields = fields, .default_order = "id desc", .key = "id"};

}  // namespace

Result<Page<PromotionRequest>> list_requests(Connection& connection, const Caller& caller, const PageRequest& page) {
    BATON_ASSIGN(ListQuery query, ListQuery::create(requests, page));
    query.where_visible("r.model", caller);
    BATON_ASSIGN(ListRows rows, query.run(connection, "r.id", "requests r"));
    Page<PromotionRequest> found = {.items = {}, .next_token = std::move(rows.next_token)};
    for (const Row& row : rows.rows) found.items.push_back(find_request(connection, row.integer(0)).value());
    return found;
}

}  // namespace baton::registry::storage
