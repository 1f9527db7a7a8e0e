// TensorFlow Serving's REST API for predicting, and the parts of KServe's V1 protocol that share its paths.
#pragma once

#include "server/inference/service.h"
#include "server/transport/router.h"

namespace baton::server::tfserving {

// Everything below /v1. The service must outlive the router.
void add_routes(Router& router, const InferenceService& service);

}  // namespace baton::server::tfserving
