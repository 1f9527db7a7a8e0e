// How reports are checked and recorded, for those that come alone and those that come with a version.
#pragma once

#include <string>

#include "registry/catalog.h"
#include "registry/text_rules.h"

namespace baton::registry {

// Adds what is wrong with `report` to `check`, fields named with `prefix`.
void check_report(TextCheck& check, const std::string& prefix, const NewReport& report);

// Inserts a checked report of `version`, with its audit entry.
Result<Report> record_report(Transaction& transaction, const Version& version, const NewReport& report);

// The canonical content that a report's digest covers: all that its author states, and the digest of the version.
// Format: docs/formats.md.
std::string canonical_report(const Digest& version, const NewReport& report);

}  // namespace baton::registry
