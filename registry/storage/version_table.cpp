#include "registry/storage/version_table.h"

#include "registry/storage/signature_json.h"
#include "registry/storage/values.h"

namespace baton::registry::storage {
namespace {

using Key = std::vector<Value>;  // of a version: model and number

std::vector<File> files_of(Connection& connection, const Key& key) {
    std::vector<File> files;
    for (const Row& row : connection.query(
             "SELECT path, size, digest FROM version_files WHERE model = $1 AND number = $2 ORDER BY path", key)) {
        files.push_back(
            {.path = row.text(0), .size = static_cast<std::uint64_t>(row.integer(1)), .digest = digest_of(row, 2)});
    }
    return files;
}

Tags pairs_of(Connection& connection, std::string_view sql, const Key& key) {
    Tags pairs;
    for (const Row& row : connection.query(sql, key)) pairs.emplace(row.text(0), row.text(1));
    return pairs;
}

std::vector<std::string> names_of(Connection& connection, std::string_view sql, const Key& key) {
    std::vector<std::string> names;
    for (const Row& row : connection.query(sql, key)) names.push_back(row.text(0));
    return names;
}

std::vector<Finding> findings_of(Connection& connection, const Key& key) {
    std::vector<Finding> findings;
    for (const Row& row : connection.query("SELECT severity, code, message FROM version_findings"
                                           " WHERE model = $1 AND number = $2 ORDER BY position",
                                           key)) {
        findings.push_back({.severity = row.text(0), .code = row.text(1), .message = row.text(2)});
    }
    return findings;
}

std::optional<VersionNumber> number_in(const std::optional<Row>& row) {
    return row && !row->null(0) ? std::optional(row->integer(0)) : std::nullopt;
}

// One overload a way of naming a version.
struct Resolver {
    Connection& connection;
    const ModelName& model;

    std::optional<VersionNumber> operator()(VersionNumber number) const {
        return number_in(connection.query_one("SELECT number FROM versions WHERE model = $1 AND number = $2",
                                              {model.text(), number}));
    }
    std::optional<VersionNumber> operator()(const LiveIn& live) const {
        return number_in(
            connection.query_one("SELECT number FROM slots WHERE model = $1 AND environment = $2 AND until IS NULL",
                                 {model.text(), live.environment.text()}));
    }
    std::optional<VersionNumber> operator()(const Alias& alias) const {
        return number_in(connection.query_one("SELECT number FROM aliases WHERE model = $1 AND alias = $2",
                                              {model.text(), alias.text()}));
    }
    std::optional<VersionNumber> operator()(const Digest& digest) const {
        return version_with_digest(connection, model, digest);
    }
    std::optional<VersionNumber> operator()(const Latest&) const {
        return number_in(connection.query_one("SELECT max(number) FROM versions WHERE model = $1", {model.text()}));
    }
};

void insert_pairs(Connection& connection, std::string_view sql, const Version& version, const Tags& pairs) {
    for (const auto& [key, value] : pairs) connection.execute(sql, {version.model.text(), version.number, key, value});
}

}  // namespace

std::optional<VersionNumber> resolve_version(Connection& connection, const ModelName& model, const VersionRef& ref) {
    return std::visit(Resolver{connection, model}, ref);
}

std::optional<VersionNumber> version_with_digest(Connection& connection, const ModelName& model, const Digest& digest) {
    return number_in(connection.query_one("SELECT number FROM versions WHERE model = $1 AND digest = $2",
                                          {model.text(), to_value(digest)}));
}

std::optional<Version> find_version(Connection& connection, const ModelName& model, VersionNumber number) {
    const Key key = {model.text(), number};
    const auto row = connection.query_one(
        "SELECT digest, stage, created_at, created_by, description, revision, signature, engine, model_path, size"
        " FROM versions WHERE model = $1 AND number = $2",
        key);
    if (!row) return std::nullopt;
    return Version{
        .model = model,
        .number = number,
        .digest = digest_of(*row, 0),
        .stage = stage_of(*row, 1),
        .created_at = time_of(*row, 2),
        .created_by = UserName::trusted(row->text(3)),
        .description = row->text(4),
        .tags = pairs_of(connection, "SELECT key, value FROM version_tags WHERE model = $1 AND number = $2", key),
        .metadata =
            pairs_of(connection, "SELECT key, value FROM version_metadata WHERE model = $1 AND number = $2", key),
        .revision = row->integer(5),
        .signature = signature_from_json(row->text(6)),
        .engine = row->text(7),
        .model_path = row->text(8),
        .files = files_of(connection, key),
        .size = static_cast<std::uint64_t>(row->integer(9)),
        .live_in = names_of(connection,
                            "SELECT environment FROM slots WHERE model = $1 AND number = $2 AND until IS NULL"
                            " ORDER BY environment",
                            key),
        .findings = findings_of(connection, key),
        .aliases =
            names_of(connection, "SELECT alias FROM aliases WHERE model = $1 AND number = $2 ORDER BY alias", key)};
}

void insert_version(Connection& connection, const Version& version) {
    const Value model = version.model.text();
    connection.execute(
        "INSERT INTO versions (model, number, digest, stage, created_at, created_by, description, signature, engine,"
        " model_path, size, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)",
        {model, version.number, to_value(version.digest), std::string(stage_name(version.stage)),
         to_value(version.created_at), version.created_by.text(), version.description,
         signature_to_json(version.signature), version.engine, version.model_path,
         static_cast<std::int64_t>(version.size)});
    for (const File& file : version.files) {
        connection.execute(
            "INSERT INTO version_files (model, number, path, size, digest) VALUES ($1, $2, $3, $4, $5)",
            {model, version.number, file.path, static_cast<std::int64_t>(file.size), to_value(file.digest)});
    }
    insert_pairs(connection, "INSERT INTO version_tags (model, number, key, value) VALUES ($1, $2, $3, $4)", version,
                 version.tags);
    insert_pairs(connection, "INSERT INTO version_metadata (model, number, key, value) VALUES ($1, $2, $3, $4)",
                 version, version.metadata);
    std::int64_t position = 0;
    for (const Finding& finding : version.findings) {
        connection.execute(
            "INSERT INTO version_findings (model, number, position, severity, code, message)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            {model, version.number, position++, finding.severity, finding.code, finding.message});
    }
}

std::string find_golden(Connection& connection, const ModelName& model, VersionNumber number) {
    const auto row = connection.query_one("SELECT outputs FROM version_golden WHERE model = $1 AND number = $2",
                                          {model.text(), number});
    return row ? row->text(0) : "";
}

void insert_golden(Connection& connection, const ModelName& model, VersionNumber number, const std::string& outputs) {
    connection.execute("INSERT INTO version_golden (model, number, outputs) VALUES ($1, $2, $3)",
                       {model.text(), number, outputs});
}

void seal_version(Connection& connection, const ModelName& model, VersionNumber number) {
    connection.execute("UPDATE versions SET sealed = 1 WHERE model = $1 AND number = $2", {model.text(), number});
}

void set_version_stage(Connection& connection, const ModelName& model, VersionNumber number, Stage stage) {
    connection.execute("UPDATE versions SET stage = $3, revision = revision + 1 WHERE model = $1 AND number = $2",
                       {model.text(), number, std::string(stage_name(stage))});
}

void set_version_description(Connection& connection, const ModelName& model, VersionNumber number,
                             const std::string& description) {
    connection.execute("UPDATE versions SET description = $3 WHERE model = $1 AND number = $2",
                       {model.text(), number, description});
}

void set_version_tag(Connection& connection, const ModelName& model, VersionNumber number, const std::string& key,
                     const std::optional<std::string>& value) {
    if (value) {
        connection.execute(
            "INSERT INTO version_tags (model, number, key, value) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (model, number, key) DO UPDATE SET value = excluded.value",
            {model.text(), number, key, *value});
    } else {
        connection.execute("DELETE FROM version_tags WHERE model = $1 AND number = $2 AND key = $3",
                           {model.text(), number, key});
    }
}

void touch_version(Connection& connection, const ModelName& model, VersionNumber number) {
    connection.execute("UPDATE versions SET revision = revision + 1 WHERE model = $1 AND number = $2",
                       {model.text(), number});
}

std::vector<File> referenced_files(Connection& connection) {
    std::vector<File> files;
    for (const Row& row :
         connection.query("SELECT min(path), size, digest FROM version_files GROUP BY digest, size ORDER BY digest")) {
        files.push_back(
            {.path = row.text(0), .size = static_cast<std::uint64_t>(row.integer(1)), .digest = digest_of(row, 2)});
    }
    return files;
}

std::vector<FileUse> uses_of(Connection& connection, const Digest& digest) {
    std::vector<FileUse> uses;
    for (const Row& row : connection.query(
             "SELECT model, number, path FROM version_files WHERE digest = $1 ORDER BY model, number, path",
             {to_value(digest)})) {
        uses.push_back({.model = ModelName::trusted(row.text(0)), .number = row.integer(1), .path = row.text(2)});
    }
    return uses;
}

}  // namespace baton::registry::storage
