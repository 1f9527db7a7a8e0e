// The list of requests: filter, order, pages.
#pragma once

#include "registry/caller.h"
#include "registry/objects.h"
#include "registry/paging.h"
#include "registry/storage/database.h"

namespace baton::registry::storage {

// As stored (see find_request), of models that the caller may see. The field `state` knows `approved` as of the last
// change that was made to what a request depends on.
Result<Page<PromotionRequest>> list_requests(Connection& connection, const Caller& caller, const PageRequest& page);

}  // namespace baton::registry::storage
