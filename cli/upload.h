// Brings the bytes of local files to the server.
#pragma once

#include <vector>

#include "cli/api.h"
#include "cli/files.h"
#include "cli/progress.h"

namespace baton::cli {

struct UploadSummary {
    std::size_t sent = 0;  // blobs
    std::uint64_t bytes = 0;
};

// Asks which digests the server lacks and streams those, each once. A transfer that breaks off goes on from what the
// server has, after a pause, a few times; errors other than a busy or unreachable server end it at once.
Result<UploadSummary> upload_missing(Api& api, const std::vector<LocalFile>& files, Io& io);

}  // namespace baton::cli
