// What the parts of the catalog and the workflow share.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "registry/caller.h"
#include "registry/objects.h"
#include "registry/store.h"

namespace baton::registry {

// How the audit log names things.
std::string model_object(const ModelName& model);
std::string version_object(const ModelName& model, VersionNumber number);

// aborted when `expected` is given and is not `current`.
Status require_revision(const std::string& what, const std::string& current,
                        const std::optional<std::string>& expected);
Status require_revision(const std::string& what, std::int64_t current, std::optional<std::int64_t> expected);

// Without a look at the caller; not_found when it is not there.
Result<Model> load_model(const Snapshot& snapshot, const ModelName& name);
Result<VersionNumber> load_version_number(const Snapshot& snapshot, const ModelName& model, const VersionRef& ref);
Result<Version> load_version(const Snapshot& snapshot, const ModelName& model, const VersionRef& ref);

// Those of `wanted` that change something of `tags`.
TagChanges tag_changes(const TagChanges& wanted, const Tags& tags);
// Audit details of them: "tags.team" → the new value, or "" for one that went.
std::map<std::string, std::string> tag_details(const TagChanges& changes);

}  // namespace baton::registry
