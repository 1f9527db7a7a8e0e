// Models, versions, aliases and validation reports: what is registered.
//
// Functions take the unit of work they run in. Every function checks the caller's roles and scope; every change writes
// its audit entry. Errors: not_found, already_exists, failed_precondition, invalid_argument, aborted (expected
// revision), permission_denied.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/objects.h"
#include "registry/paging.h"
#include "registry/store.h"

namespace baton::registry {

struct NewModel {
    ModelName name;
    std::string description;
    Tags tags;
};
// Absent fields stay as they are; a tag with a null value goes.
struct ModelEdit {
    std::optional<std::string> description;
    TagChanges tags;
    std::optional<UserName> owner;
    std::optional<std::int64_t> expected_revision;
};

Result<Model> create_model(Transaction&, const NewModel&);
Result<Model> get_model(const Snapshot&, const Caller&, const ModelName&);
Result<Page<Model>> list_models(const Snapshot&, const Caller&, const PageRequest&);
Result<Model> edit_model(Transaction&, const ModelName&, const ModelEdit&);
Status delete_model(Transaction&, const ModelName&, std::optional<std::int64_t> expected_revision);

struct NewReport {
    std::string dataset_name;
    std::optional<Digest> dataset_digest;
    std::optional<std::int64_t> dataset_rows;
    std::string dataset_context;
    std::string task;
    std::map<std::string, double> metrics;
    std::string details = "{}";  // canonical JSON, checked by the caller
    std::string note;
};

// Everything that is known once the bytes are stored and were looked at. The manifest digest must be that of `files`.
struct NewVersion {
    ModelName model;
    Digest digest;
    std::vector<File> files;
    std::string description;
    Tags tags;
    Tags metadata;
    ModelSignature signature;
    std::string engine = "none";
    std::string model_path;
    std::vector<Finding> findings;
    std::string golden = {};  // what the model answered to made-up rows, as who compares it wrote it; empty: unknown
    std::optional<NewReport> report;
};

// Creates the model when it is absent. already_exists when the model has a version of the same digest (says which).
Result<Version> register_version(Transaction&, const NewVersion&);
Result<Version> get_version(const Snapshot&, const Caller&, const ModelName&, const VersionRef&);
// As it was registered; empty when there is none. For the server itself.
std::string golden_of(const Snapshot&, const ModelName&, VersionNumber);
Result<Page<Version>> list_versions(const Snapshot&, const Caller&, const ModelName&, const PageRequest&);
Result<Page<Version>> search_versions(const Snapshot&, const Caller&, const PageRequest&);

struct VersionEdit {
    std::optional<std::string> description;
    TagChanges tags;
    std::optional<std::int64_t> expected_revision;
};
Result<Version> edit_version(Transaction&, const ModelName&, const VersionRef&, const VersionEdit&);
Result<std::vector<HistoryEntry>> version_history(const Snapshot&, const Caller&, const ModelName&, const VersionRef&);

Result<Report> add_report(Transaction&, const ModelName&, const VersionRef&, const NewReport&);
Result<Page<Report>> list_reports(const Snapshot&, const Caller&, const ModelName&, const VersionRef&,
                                  const PageRequest&);
Result<Report> get_report(const Snapshot&, const Caller&, const ModelName&, const VersionRef&, ReportId);

Result<Model> set_alias(Transaction&, const ModelName&, const Alias&, const VersionRef&);
Result<Model> remove_alias(Transaction&, const ModelName&, const Alias&);

// Every digest that some version names, for fsck.
Result<std::vector<File>> referenced_files(const Snapshot&);

// The files of versions that have these bytes, in the order of models, versions and paths.
Result<std::vector<FileUse>> uses_of(const Snapshot&, const Digest&);

}  // namespace baton::registry
