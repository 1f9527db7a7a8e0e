// TensorFlow Serving's small documents: status and metadata, and KServe V1's lists beside them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inference/live_table.h"
#include "server/inference/service.h"

namespace baton::server::tfserving {

// KServe V1: {"models": [...]}, each once.
std::string encode_model_list(std::span<const VersionState> versions);

// One body for both dialects: KServe's name and ready, TensorFlow Serving's model_version_status.
std::string encode_status(std::string_view model, bool ready, std::span<const VersionState> versions);

std::string encode_metadata(const inference::ServedVersion& version);

}  // namespace baton::server::tfserving
