// Open Inference Protocol v2 over HTTP with JSON: https://github.com/kserve/open-inference-protocol.
#pragma once

#include "server/inference/service.h"
#include "server/transport/router.h"

namespace baton::server::oip {

// Everything below /v2. The service must outlive the router.
void add_routes(Router& router, const InferenceService& service);

}  // namespace baton::server::oip
