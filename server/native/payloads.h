// GET /api/v1/models/{model}/payloads: what a model was really asked.
#pragma once

#include "server/native/api.h"
#include "server/transport/router.h"

namespace baton::server {
class PayloadLog;
}

namespace baton::server::native {

// `payloads` is null where the operator keeps none; else it must outlive the router, as the Api must. For deployers.
void add_payload_routes(Router& router, const Api& api, const PayloadLog* payloads);

}  // namespace baton::server::native
