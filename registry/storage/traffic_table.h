// Rows of traffic rules: those that hold now.
#pragma once

#include <vector>

#include "registry/storage/database.h"
#include "registry/traffic.h"

namespace baton::registry::storage {

// By model, environment and kind.
std::vector<TrafficRule> all_traffic(Connection& connection);
std::vector<TrafficRule> traffic_of(Connection& connection, const ModelName& model, const Environment& environment);
void put_traffic(Connection& connection, const TrafficRule& rule);  // in the place of the one of its kind
void remove_traffic(Connection& connection, const TrafficRule& rule);

}  // namespace baton::registry::storage
