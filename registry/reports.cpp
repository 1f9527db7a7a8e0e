#include <cmath>

#include "registry/audit.h"
#include "registry/canonical_json.h"
#include "registry/catalog.h"
#include "registry/catalog_support.h"
#include "registry/report_records.h"
#include "registry/storage/filter_sql.h"
#include "registry/storage/report_table.h"
#include "registry/workflow.h"

namespace baton::registry {
namespace {

using storage::FieldKind;
using storage::ListField;

constexpr std::array<ListField, 10> fields = {{
    {.name = "id", .kind = FieldKind::number, .expression = "r.id"},
    {.name = "dataset", .expression = "r.dataset_name"},
    {.name = "dataset_digest", .kind = FieldKind::digest, .expression = "r.dataset_digest", .nullable = true},
    {.name = "context", .expression = "r.dataset_context"},
    {.name = "task", .expression = "r.task"},
    {.name = "trust", .expression = "r.trust"},
    {.name = "note", .expression = "r.note"},
    {.name = "created_at", .kind = FieldKind::time, .expression = "r.created_at"},
    {.name = "created_by", .expression = "r.created_by"},
    {.name = "metrics",
     .kind = FieldKind::number,
     .expression = "(SELECT q.value FROM report_metrics q WHERE q.report_id = r.id AND q.name = $key)",
     .keyed = true,
     .nullable = true},
}};
constexpr storage::ListDefinition reports_list = {
    .name = "reports", .fields = fields, .default_order = "id desc", .key = "id"};

}  // namespace

void check_report(TextCheck& check, const std::string& prefix, const NewReport& report) {
    constexpr std::size_t max_metrics = 1000;
    constexpr std::size_t max_details = 1024 * 1024;
    check.text(prefix + "dataset.name", report.dataset_name, 250);
    check.text(prefix + "dataset.context", report.dataset_context, 250);
    check.text(prefix + "task", report.task, 250);
    check.text(prefix + "note", report.note);
    check.text(prefix + "details", report.details, max_details);
    if (report.dataset_rows.value_or(0) < 0) check.fail(prefix + "dataset.rows", "must not be negative");
    if (report.metrics.empty()) check.fail(prefix + "metrics", "must have at least one metric");
    if (report.metrics.size() > max_metrics)
        check.fail(prefix + "metrics", "has more than " + std::to_string(max_metrics) + " entries");
    for (const auto& [name, value] : report.metrics) {
        check.required_text(prefix + "metrics", name, 250);
        if (!std::isfinite(value)) check.fail(prefix + "metrics." + name, "must be a finite number");
    }
}

std::string canonical_report(const Digest& version, const NewReport& report) {
    std::map<std::string, std::string> metrics;
    for (const auto& [name, value] : report.metrics) metrics.emplace(name, canonical_number(value));
    std::map<std::string, std::string> dataset = {{"name", canonical_string(report.dataset_name)},
                                                  {"context", canonical_string(report.dataset_context)}};
    if (report.dataset_digest) dataset.emplace("digest", canonical_string(report.dataset_digest->text()));
    if (report.dataset_rows) dataset.emplace("rows", std::to_string(*report.dataset_rows));
    return canonical_object({{"format", canonical_string("baton-report/1")},
                             {"version", canonical_string(version.text())},
                             {"dataset", canonical_object(dataset)},
                             {"task", canonical_string(report.task)},
                             {"metrics", canonical_object(metrics)},
                             {"details", report.details},
                             {"note", canonical_string(report.note)}});
}

Result<Report> record_report(Transaction& transaction, const Version& version, const NewReport& wanted) {
    Report report{.id = 0,
                  .version_digest = version.digest,
                  .digest = sha256(canonical_report(version.digest, wanted)),
                  .dataset_name = wanted.dataset_name,
                  .dataset_digest = wanted.dataset_digest,
                  .dataset_rows = wanted.dataset_rows,
                  .dataset_context = wanted.dataset_context,
                  .task = wanted.task,
                  .metrics = wanted.metrics,
                  .details = wanted.details,
                  .trust = Trust::claimed,
                  .created_at = transaction.now(),
                  .created_by = transaction.caller().user,
                  .note = wanted.note};
    report.id = storage::insert_report(transaction.connection(), version.model, version.number, report);
    append_audit(transaction,
                 {.action = "report.added",
                  .object = version_object(version.model, version.number) + "/report/" + std::to_string(report.id),
                  .digest = version.digest,
                  .details = {{"dataset", report.dataset_name}, {"report_digest", report.digest.text()}}});
    return report;
}

Result<Report> add_report(Transaction& transaction, const ModelName& model, const VersionRef& ref,
                          const NewReport& report) {
    BATON_TRY(require_role(transaction.caller(), Role::developer, model));
    TextCheck check;
    check_report(check, "", report);
    BATON_TRY(check.status());
    BATON_ASSIGN(const Version version, load_version(transaction, model, ref));
    const StandingRequests standing = standing_requests_of(transaction, model, version.number);
    BATON_ASSIGN(Report added, record_report(transaction, version, report));
    BATON_TRY(reassess(transaction, standing));  // what was decided without it lapses
    return added;
}

Result<Page<Report>> list_reports(const Snapshot& snapshot, const Caller& caller, const ModelName& model,
                                  const VersionRef& ref, const PageRequest& page) {
    BATON_TRY(require_read(caller, model));
    BATON_ASSIGN(const VersionNumber number, load_version_number(snapshot, model, ref));
    BATON_ASSIGN(storage::ListQuery query, storage::ListQuery::create(reports_list, page));
    query.where("r.model = ? AND r.number = ?", {model.text(), number});
    BATON_ASSIGN(storage::ListRows rows, query.run(snapshot.connection(), "r.id", "reports r"));
    Page<Report> reports{.items = {}, .next_token = std::move(rows.next_token)};
    for (const storage::Row& row : rows.rows)
        if (auto report = storage::find_report(snapshot.connection(), model, number, row.integer(0)))
            reports.items.push_back(*std::move(report));
    return reports;
}

Result<Report> get_report(const Snapshot& snapshot, const Caller& caller, const ModelName& model, const VersionRef& ref,
                          ReportId id) {
    BATON_TRY(require_read(caller, model));
    BATON_ASSIGN(const VersionNumber number, load_version_number(snapshot, model, ref));
    auto report = storage::find_report(snapshot.connection(), model, number, id);
    if (report) return *std::move(report);
    return not_found("version " + std::to_string(number) + " of " + model.text() + " has no report " +
                     std::to_string(id));
}

}  // namespace baton::registry
