// The audit log.
#include "registry/audit.h"

#include "base/text.h"
#include "server/native/json_out.h"
#include "server/native/routes.h"

namespace baton::server::native {
namespace {

Result<std::int64_t> after_parameter(const Request& request) {
    const auto after = parse_whole<std::int64_t>(request.query_parameter("after").value_or("0"));
    if (after && *after >= 0) return *after;
    return invalid_argument("after must be the number of an audit entry.");
}

Response list(const Api& api, const Request& request) {
    return api.read(
        request, [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
            BATON_ASSIGN(const registry::PageRequest page, page_request(request));
            BATON_ASSIGN(const std::int64_t after, after_parameter(request));
            BATON_ASSIGN(const registry::Page<registry::AuditEntry> entries, list_audit(snapshot, caller, page, after));
            return Response::json(200, page_json(entries));
        });
}

}  // namespace

void add_audit_routes(Router& router, const Api& api) { pooled(router, api, Method::get, "/api/v1/audit", list); }

}  // namespace baton::server::native
