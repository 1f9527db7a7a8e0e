// How the Open Inference Protocol says no.
#pragma once

#include "base/result.h"
#include "server/transport/http.h"

namespace baton::server::oip {

// The one place where errors get their status here.
Response refusal(const Error& error);

}  // namespace baton::server::oip
