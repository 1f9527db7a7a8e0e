// Rows of models, with their tags.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/objects.h"
#include "registry/storage/database.h"

namespace baton::registry::storage {

// The whole object: tags, aliases and what is live come with it.
std::optional<Model> find_model(Connection& connection, const ModelName& name);
bool model_exists(Connection& connection, const ModelName& name);
void insert_model(Connection& connection, const Model& model);     // name, description, owner, tags, created_at
void delete_model(Connection& connection, const ModelName& name);  // with all that is below it
bool was_ever_live(Connection& connection, const ModelName& name);

void set_model_description(Connection& connection, const ModelName& name, const std::string& description);
void set_model_owner(Connection& connection, const ModelName& name, const UserName& owner);
void set_model_tag(Connection& connection, const ModelName& name, const std::string& key,
                   const std::optional<std::string>& value);  // nullopt: the tag goes
// Marks an edit: the revision moves by one.
void touch_model(Connection& connection, const ModelName& name, Timestamp now);
// The number for the next version; the caller inserts that version in the same transaction.
VersionNumber take_version_number(Connection& connection, const ModelName& name, Timestamp now);

void set_alias(Connection& connection, const ModelName& model, const Alias& alias, VersionNumber number);
bool remove_alias(Connection& connection, const ModelName& model, const Alias& alias);  // false: there was none

}  // namespace baton::registry::storage
