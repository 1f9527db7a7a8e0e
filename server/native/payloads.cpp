#include "server/native/payloads.h"

#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/text.h"
#include "registry/catalog.h"
#include "server/auth/credentials.h"
#include "server/native/routes.h"
#include "server/payloads/payload_log.h"

namespace baton::server::native {
namespace {

using nlohmann::json;

constexpr std::size_t usual_count = 20;
constexpr std::size_t most = 200;

Result<std::size_t> count_parameter(const Request& request) {
    const auto text = request.query_parameter("limit");
    if (!text) return usual_count;
    const auto count = parse_whole<std::size_t>(*text);
    if (count && *count >= 1 && *count <= most) return *count;
    return invalid_argument("limit must be a whole number from 1 to " + std::to_string(most) + ".");
}

// A body is text where it can be: bytes that are no UTF-8 stand in base64 under another name.
void put_body(json& to, const std::string& name, const std::string& body) {
    if (is_valid_utf8(body)) {
        to[name] = body;
    } else {
        to[name + "_base64"] = encode_base64(body);
    }
}

json to_json(const Payload& payload) {
    json out = {{"time", format_timestamp(payload.time)}, {"version", payload.version}, {"status", payload.status}};
    if (!payload.request_id.empty()) out["request_id"] = payload.request_id;
    put_body(out, "request", payload.request);
    put_body(out, "response", payload.response);
    return out;
}

Response latest_payloads(const Api& api, const PayloadLog* payloads, const Request& request) {
    return api.with_caller(request, [&](const registry::Caller& caller) -> Result<Response> {
        BATON_ASSIGN(const registry::ModelName model, model_parameter(request));
        BATON_TRY(require_role(caller, registry::Role::deployer, model));
        BATON_ASSIGN(const std::size_t count, count_parameter(request));
        if (payloads == nullptr) {
            return failed_precondition("This server keeps no payloads.", "Start it with --payload-log N to keep some.");
        }
        const auto known = api.store().read<registry::Model>(
            [&](const registry::Snapshot& snapshot) { return get_model(snapshot, caller, model); });
        if (!known.ok()) return known.error();
        json list = json::array();
        for (const Payload& payload : payloads->latest(model.text(), count)) list.push_back(to_json(payload));
        const json body = {{"payloads", std::move(list)}, {"dropped", payloads->dropped()}};
        return Response::json(200, body.dump());
    });
}

}  // namespace

void add_payload_routes(Router& router, const Api& api, const PayloadLog* payloads) {
    add_route(router, {Method::get, "/api/v1/models/{model}/payloads", Pooled{[&api, payloads](const Request& request) {
                           return latest_payloads(api, payloads, request);
                       }}});
}

}  // namespace baton::server::native
