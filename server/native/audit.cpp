// The audit log.
#include <charconv>

#include "registry/audit.h"
#include "server/native/json_out.h"
#include "server/native/routes.h"

namespace baton::server::native {
namespace {

Response list(const Api& api, const Request& request) {
    return api.read(
        request, [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
            BATON_ASSIGN(const registry::PageRequest page, page_request(request));
            std::int64_t after = 0;
            if (const auto text = request.query_parameter("after")) {
                const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), after);
                if (error != std::errc() || stop != text->data() + text->size() || after < 0) {
                    return invalid_argument("after must be the number of an audit entry.");
                }
            }
            BATON_ASSIGN(const registry::Page<registry::AuditEntry> entries, list_audit(snapshot, caller, page, after));
            return Response::json(200, page_json(entries));
        });
}

}  // namespace

void add_audit_routes(Router& router, const Api& api) { pooled(router, api, Method::get, "/api/v1/audit", list); }

}  // namespace baton::server::native
