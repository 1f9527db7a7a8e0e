// A validation report as clients send it.
#pragma once

#include "registry/catalog.h"
#include "server/native/json_body.h"

namespace baton::server::native {

// Reads {dataset{name, digest, rows, context}, task, metrics{}, ci, slices, per_class_metrics, baselines, note}; what
// is wrong is remembered in `body`, whose finish() the caller asks.
registry::NewReport read_report(JsonBody& body);

}  // namespace baton::server::native
