// Triton's model repository extension: what is loaded. It changes nothing here.
//
// What is live is decided by promotion alone, with its evidence, approvals and audit entry, so a client of the
// inference protocol cannot put a version into service or take one out of it. Loading a model that is live says that it
// serves; everything else is refused with what to do instead.
#pragma once

#include "server/inference/service.h"
#include "server/transport/router.h"

namespace baton::server::oip {

// Everything below /v2/repository. `service` must outlive the router.
void add_repository_routes(Router& router, InferenceService& service);

}  // namespace baton::server::oip
