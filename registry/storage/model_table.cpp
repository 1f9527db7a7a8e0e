#include "registry/storage/model_table.h"

#include "registry/storage/values.h"

namespace baton::registry::storage {
namespace {

Tags tags_of(Connection& connection, const ModelName& name) {
    Tags tags;
    for (const Row& row : connection.query("SELECT key, value FROM model_tags WHERE model = $1", {name.text()}))
        tags.emplace(row.text(0), row.text(1));
    return tags;
}

std::vector<LiveEntry> live_of(Connection& connection, const ModelName& name) {
    std::vector<LiveEntry> live;
    for (const Row& row : connection.query("SELECT environment, number, digest, since FROM slots"
                                           " WHERE model = $1 AND until IS NULL ORDER BY environment",
                                           {name.text()})) {
        live.push_back({.environment = Environment::trusted(row.text(0)),
                        .version = row.integer(1),
                        .digest = digest_of(row, 2),
                        .since = time_of(row, 3)});
    }
    return live;
}

std::map<std::string, VersionNumber> aliases_of(Connection& connection, const ModelName& name) {
    std::map<std::string, VersionNumber> aliases;
    for (const Row& row : connection.query("SELECT alias, number FROM aliases WHERE model = $1", {name.text()}))
        aliases.emplace(row.text(0), row.integer(1));
    return aliases;
}

}  // namespace

std::optional<Model> find_model(Connection& connection, const ModelName& name) {
    const auto row = connection.query_one(
        "SELECT description, owner, created_at, updated_at, revision, last_version FROM models WHERE name = $1",
        {name.text()});
    if (!row) return std::nullopt;
    const std::int64_t versions = row->integer(5);  // numbered without gaps and never deleted one by one
    return Model{.name = name,
                 .description = row->text(0),
                 .owner = UserName::trusted(row->text(1)),
                 .tags = tags_of(connection, name),
                 .created_at = time_of(*row, 2),
                 .updated_at = time_of(*row, 3),
                 .revision = row->integer(4),
                 .versions = versions,
                 .latest_version = versions > 0 ? std::optional(versions) : std::nullopt,
                 .live = live_of(connection, name),
                 .aliases = aliases_of(connection, name)};
}

bool model_exists(Connection& connection, const ModelName& name) {
    return connection.query_one("SELECT 1 FROM models WHERE name = $1", {name.text()}).has_value();
}

void insert_model(Connection& connection, const Model& model) {
    connection.execute(
        "INSERT INTO models (name, description, owner, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
        {model.name.text(), model.description, model.owner.text(), to_value(model.created_at)});
    for (const auto& [key, value] : model.tags) set_model_tag(connection, model.name, key, value);
}

void delete_model(Connection& connection, const ModelName& name) {
    connection.execute("DELETE FROM models WHERE name = $1", {name.text()});
}

bool was_ever_live(Connection& connection, const ModelName& name) {
    return connection.query_one("SELECT 1 FROM slots WHERE model = $1 LIMIT 1", {name.text()}).has_value();
}

void set_model_description(Connection& connection, const ModelName& name, const std::string& description) {
    connection.execute("UPDATE models SET description = $2 WHERE name = $1", {name.text(), description});
}

void set_model_owner(Connection& connection, const ModelName& name, const UserName& owner) {
    connection.execute("UPDATE models SET owner = $2 WHERE name = $1", {name.text(), owner.text()});
}

void set_model_tag(Connection& connection, const ModelName& name, const std::string& key,
                   const std::optional<std::string>& value) {
    if (value) {
        connection.execute(
            "INSERT INTO model_tags (model, key, value) VALUES ($1, $2, $3)"
            " ON CONFLICT (model, key) DO UPDATE SET value = excluded.value",
            {name.text(), key, *value});
    } else {
        connection.execute("DELETE FROM model_tags WHERE model = $1 AND key = $2", {name.text(), key});
    }
}

void touch_model(Connection& connection, const ModelName& name, Timestamp now) {
    connection.execute("UPDATE models SET revision = revision + 1, updated_at = $2 WHERE name = $1",
                       {name.text(), to_value(now)});
}

VersionNumber take_version_number(Connection& connection, const ModelName& name, Timestamp now) {
    return connection
        .query_one(
            "UPDATE models SET last_version = last_version + 1, updated_at = $2 WHERE name = $1 RETURNING last_version",
            {name.text(), to_value(now)})
        .value()
        .integer(0);
}

void set_alias(Connection& connection, const ModelName& model, const Alias& alias, VersionNumber number) {
    connection.execute(
        "INSERT INTO aliases (model, alias, number) VALUES ($1, $2, $3)"
        " ON CONFLICT (model, alias) DO UPDATE SET number = excluded.number",
        {model.text(), alias.text(), number});
}

bool remove_alias(Connection& connection, const ModelName& model, const Alias& alias) {
    return connection.execute("DELETE FROM aliases WHERE model = $1 AND alias = $2", {model.text(), alias.text()}) > 0;
}

}  // namespace baton::registry::storage
