// What KServe's V1 protocol has beyond TensorFlow Serving's paths, which it shares: liveness and explanations.
#pragma once

#include "server/inference/service.h"
#include "server/transport/router.h"

namespace baton::server::kserve {

// GET / and POST /v1/models/{model}:explain. `service` must outlive the router.
void add_routes(Router& router, InferenceService& service);

}  // namespace baton::server::kserve
