// MLflow's scoring server, once for each model: a client takes /serving-endpoints/{model} for its address.
#pragma once

#include "server/inference/service.h"
#include "server/transport/router.h"

namespace baton::server::mlflow {

// Everything below /serving-endpoints, and /ping and /version. `service` must outlive the router.
void add_scoring_routes(Router& router, InferenceService& service);

}  // namespace baton::server::mlflow
