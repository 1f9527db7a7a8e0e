// TensorFlow Serving's REST API v1, with the paths that KServe V1 shares with it.
#pragma once

#include "server/inference/service.h"
#include "server/transport/router.h"

namespace baton::server::tfserving {

// Everything below /v1. `service` must outlive the router.
void add_routes(Router& router, InferenceService& service);

}  // namespace baton::server::tfserving
