// The Open Inference Protocol v2 over HTTP, with Triton's repository index (read-only) and statistics.
#pragma once

#include "server/inference/service.h"
#include "server/transport/router.h"

namespace baton::server::oip {

// Everything below /v2. `service` must outlive the router.
void add_routes(Router& router, InferenceService& service);

}  // namespace baton::server::oip
