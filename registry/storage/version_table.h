// Rows of versions, with their files, tags, metadata and findings. Sealed once inserted: only stage, description, tags
// and revision change.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/objects.h"
#include "registry/storage/database.h"

namespace baton::registry::storage {

// Which number `ref` means now; nullopt when it names nothing.
std::optional<VersionNumber> resolve_version(Connection& connection, const ModelName& model, const VersionRef& ref);
std::optional<VersionNumber> version_with_digest(Connection& connection, const ModelName& model, const Digest& digest);

// The whole object: files, tags, aliases and where it is live come with it.
std::optional<Version> find_version(Connection& connection, const ModelName& model, VersionNumber number);
// To be followed by whatever else belongs to the version, and then by seal_version: until that, rows may be added to
// it.
void insert_version(Connection& connection, const Version& version);
void seal_version(Connection& connection, const ModelName& model, VersionNumber number);

// What the version answered to made-up rows; "" when that is not known.
std::string find_golden(Connection& connection, const ModelName& model, VersionNumber number);
void insert_golden(Connection& connection, const ModelName& model, VersionNumber number, const std::string& outputs);

// Moves the revision by one, as each edit does (touch_version).
void set_version_stage(Connection& connection, const ModelName& model, VersionNumber number, Stage stage);
void set_version_description(Connection& connection, const ModelName& model, VersionNumber number,
                             const std::string& description);
void set_version_tag(Connection& connection, const ModelName& model, VersionNumber number, const std::string& key,
                     const std::optional<std::string>& value);  // nullopt: the tag goes
void touch_version(Connection& connection, const ModelName& model, VersionNumber number);

// Each digest that some version names, once.
std::vector<File> referenced_files(Connection& connection);
std::vector<FileUse> uses_of(Connection& connection, const Digest& digest);

}  // namespace baton::registry::storage
