// A blob's bytes as a view, without a copy of them in memory: blobs may be far larger than it.
#pragma once

#include <functional>
#include <string_view>

#include "artifacts/blob_store.h"
#include "base/result.h"

namespace baton::server {

// Shows `look` the bytes of a blob, whose descriptor it takes over. `look` must read them on the calling thread and
// keep no view of them.
//
// A disk that fails, or a file that somebody shortens, while a mapped file is read is a signal (SIGBUS), which ends a
// process by default. Here the bytes become zeros instead and the answer is unavailable, whatever `look` made of them.
Status with_mapped(const artifacts::OpenBlob& blob, const std::function<Status(std::string_view)>& look);

}  // namespace baton::server
