// Traffic rules as the native API shows them, beside what this server makes of them. Shape: docs/api.md.
#pragma once

#include <optional>
#include <string>

#include "registry/traffic.h"
#include "server/native/json_out.h"

namespace baton::server::native {

std::string to_json(const registry::Traffic& traffic, const SlotStatuses& statuses,
                    const std::optional<inference::ShadowStatistics>& statistics);

}  // namespace baton::server::native
