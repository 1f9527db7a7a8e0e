#include <algorithm>
#include <numeric>

#include "registry/audit.h"
#include "registry/catalog.h"
#include "registry/catalog_support.h"
#include "registry/report_records.h"
#include "registry/storage/history_table.h"
#include "registry/storage/model_table.h"
#include "registry/storage/version_table.h"
#include "registry/text_rules.h"

namespace baton::registry {
namespace {

Status check_version(const NewVersion& wanted) {
    constexpr std::size_t max_files = 10000;
    TextCheck check;
    check.text("description", wanted.description);
    check.pairs("tags", wanted.tags);
    check.pairs("metadata", wanted.metadata);
    if (wanted.files.empty()) check.fail("files", "must name at least one file");
    if (wanted.files.size() > max_files) check.fail("files", "has more than " + std::to_string(max_files) + " entries");
    for (const File& file : wanted.files) check.required_text("files.path", file.path, 1024);
    if (wanted.report) check_report(check, "report.", *wanted.report);
    return check.status();
}

Status refuse_twin(const Snapshot& snapshot, const NewVersion& wanted) {
    const auto twin = storage::version_with_digest(snapshot.connection(), wanted.model, wanted.digest);
    if (!twin) return {};
    return Error{.code = Code::already_exists,
                 .message = "version " + std::to_string(*twin) + " of " + wanted.model.text() +
                            " has the same content, " + wanted.digest.text(),
                 .hint = "use " + wanted.model.text() + "/" + std::to_string(*twin)};
}

Version version_of(const NewVersion& wanted, VersionNumber number, const Transaction& transaction) {
    const auto add = [](std::uint64_t sum, const File& file) { return sum + file.size; };
    return {.model = wanted.model,
            .number = number,
            .digest = wanted.digest,
            .stage = Stage::staged,
            .created_at = transaction.now(),
            .created_by = transaction.caller().user,
            .description = wanted.description,
            .tags = wanted.tags,
            .metadata = wanted.metadata,
            .revision = 1,
            .signature = wanted.signature,
            .engine = wanted.engine,
            .model_path = wanted.model_path,
            .files = wanted.files,
            .size = std::accumulate(wanted.files.begin(), wanted.files.end(), std::uint64_t{0}, add),
            .live_in = {},
            .findings = wanted.findings,
            .aliases = {}};
}

}  // namespace

Result<Version> register_version(Transaction& transaction, const NewVersion& wanted) {
    BATON_TRY(require_creator(transaction.caller(), wanted.model));
    BATON_TRY(check_version(wanted));
    storage::Connection& connection = transaction.connection();
    if (!storage::model_exists(connection, wanted.model)) {
        BATON_TRY(create_model(transaction, {.name = wanted.model, .description = {}, .tags = {}}));
    }
    BATON_TRY(refuse_twin(transaction, wanted));
    const VersionNumber number = storage::take_version_number(connection, wanted.model, transaction.now());
    const Version version = version_of(wanted, number, transaction);
    storage::insert_version(connection, version);
    if (!wanted.golden.empty()) storage::insert_golden(connection, wanted.model, number, wanted.golden);
    storage::seal_version(connection, wanted.model, number);
    storage::append_history(transaction, wanted.model, number, wanted.digest,
                            {.change = "registered", .stage = Stage::staged});
    AuditRecord record{.action = "version.registered",
                       .object = version_object(wanted.model, number),
                       .digest = wanted.digest,
                       .details = {{"files", std::to_string(version.files.size())},
                                   {"size", std::to_string(version.size)},
                                   {"engine", version.engine}}};
    if (!wanted.golden.empty()) record.details["golden_digest"] = sha256(wanted.golden).text();
    append_audit(transaction, record);
    if (wanted.report) BATON_TRY(record_report(transaction, version, *wanted.report));
    return load_version(transaction, wanted.model, number);
}

Result<Version> get_version(const Snapshot& snapshot, const Caller& caller, const ModelName& model,
                            const VersionRef& ref) {
    BATON_TRY(require_read(caller, model));
    return load_version(snapshot, model, ref);
}

std::string golden_of(const Snapshot& snapshot, const ModelName& model, VersionNumber number) {
    return storage::find_golden(snapshot.connection(), model, number);
}

Result<Version> edit_version(Transaction& transaction, const ModelName& model, const VersionRef& ref,
                             const VersionEdit& edit) {
    BATON_TRY(require_role(transaction.caller(), Role::developer, model));
    TextCheck check;
    check.text("description", edit.description.value_or(""));
    check.pairs("tags", edit.tags);
    BATON_TRY(check.status());
    BATON_ASSIGN(const Version version, load_version(transaction, model, ref));
    const std::string what = "version " + model.text() + "/" + std::to_string(version.number);
    BATON_TRY(require_revision(what, version.revision, edit.expected_revision));
    storage::Connection& connection = transaction.connection();
    const TagChanges tags = tag_changes(edit.tags, version.tags);
    AuditRecord record{.action = "version.edited",
                       .object = version_object(model, version.number),
                       .digest = version.digest,
                       .details = tag_details(tags)};
    if (edit.description && *edit.description != version.description) {
        storage::set_version_description(connection, model, version.number, *edit.description);
        record.details["description"] = *edit.description;
    }
    if (record.details.empty()) return version;
    for (const auto& [key, value] : tags) storage::set_version_tag(connection, model, version.number, key, value);
    storage::touch_version(connection, model, version.number);
    append_audit(transaction, record);
    return load_version(transaction, model, version.number);
}

Result<std::vector<HistoryEntry>> version_history(const Snapshot& snapshot, const Caller& caller,
                                                  const ModelName& model, const VersionRef& ref) {
    BATON_TRY(require_read(caller, model));
    BATON_ASSIGN(const Version version, load_version(snapshot, model, ref));
    return storage::history_of(snapshot.connection(), model, version.number, version.digest);
}

Result<std::vector<File>> referenced_files(const Snapshot& snapshot) {
    return storage::referenced_files(snapshot.connection());
}

Result<std::vector<FileUse>> uses_of(const Snapshot& snapshot, const Digest& digest) {
    return storage::uses_of(snapshot.connection(), digest);
}

}  // namespace baton::registry
