// The Open Inference Protocol's small documents: metadata, readiness, the repository index and statistics.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inference/live_table.h"
#include "server/inference/service.h"

namespace baton::server::oip {

std::string encode_server_metadata(std::string_view name, std::string_view version);

// Of one version; `versions` are all that are loaded of the model.
std::string encode_model_metadata(const inference::ServedVersion& served,
                                  std::span<const inference::ServedVersionPtr> versions);

std::string encode_model_ready(std::string_view model, bool ready);

// Triton's configuration extension. A model whose inputs and outputs all begin with a dimension that varies takes
// batches of at most max_rows; others none.
std::string encode_model_config(const inference::ServedVersion& served, std::size_t max_rows);

// Triton's repository extension.
std::string encode_repository_index(std::span<const VersionState> versions);

// Triton's statistics extension. What is not measured apart is 0: queueing, input, output and caches.
std::string encode_statistics(std::span<const inference::ServedVersionPtr> versions);

}  // namespace baton::server::oip
