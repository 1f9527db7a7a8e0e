// Rows of validation reports, with their metrics. Never changed once inserted.
#pragma once

#include <optional>

#include "registry/objects.h"
#include "registry/storage/database.h"

namespace baton::registry::storage {

ReportId insert_report(Connection& connection, const ModelName& model, VersionNumber number, const Report& report);
std::optional<Report> find_report(Connection& connection, const ModelName& model, VersionNumber number, ReportId id);

}  // namespace baton::registry::storage
