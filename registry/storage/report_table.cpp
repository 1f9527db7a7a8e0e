#include "registry/storage/report_table.h"

#include "registry/storage/values.h"

namespace baton::registry::storage {
namespace {

std::map<std::string, double> metrics_of(Connection& connection, ReportId id) {
    std::map<std::string, double> metrics;
    for (const Row& row : connection.query("SELECT name, value FROM report_metrics WHERE report_id = $1", {id}))
        metrics.emplace(row.text(0), row.real(1));
    return metrics;
}

}  // namespace

ReportId insert_report(Connection& connection, const ModelName& model, VersionNumber number, const Report& report) {
    const ReportId id =
        connection
            .query_one(
                "INSERT INTO reports (model, number, digest, dataset_name, dataset_digest, dataset_rows,"
                " dataset_context, task, details, trust, created_at, created_by, note, sealed)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0) RETURNING id",
                {model.text(), number, to_value(report.digest), report.dataset_name, to_value(report.dataset_digest),
                 to_value(report.dataset_rows), report.dataset_context, report.task, report.details,
                 std::string(report.trust == Trust::verified ? "verified" : "claimed"), to_value(report.created_at),
                 report.created_by.text(), report.note})
            .value()
            .integer(0);
    for (const auto& [name, value] : report.metrics)
        connection.execute("INSERT INTO report_metrics (report_id, name, value) VALUES ($1, $2, $3)",
                           {id, name, value});
    connection.execute("UPDATE reports SET sealed = 1 WHERE id = $1", {id});
    return id;
}

std::optional<Report> find_report(Connection& connection, const ModelName& model, VersionNumber number, ReportId id) {
    const auto row = connection.query_one(
        "SELECT v.digest, r.digest, r.dataset_name, r.dataset_digest, r.dataset_rows, r.dataset_context, r.task, "
        "r.details,"
        " r.trust, r.created_at, r.created_by, r.note"
        " FROM reports r JOIN versions v ON v.model = r.model AND v.number = r.number"
        " WHERE r.model = $1 AND r.number = $2 AND r.id = $3",
        {model.text(), number, id});
    if (!row) return std::nullopt;
    return Report{.id = id,
                  .version_digest = digest_of(*row, 0),
                  .digest = digest_of(*row, 1),
                  .dataset_name = row->text(2),
                  .dataset_digest = optional_digest_of(*row, 3),
                  .dataset_rows = optional_integer_of(*row, 4),
                  .dataset_context = row->text(5),
                  .task = row->text(6),
                  .metrics = metrics_of(connection, id),
                  .details = row->text(7),
                  .trust = row->text(8) == "verified" ? Trust::verified : Trust::claimed,
                  .created_at = time_of(*row, 9),
                  .created_by = UserName::trusted(row->text(10)),
                  .note = row->text(11)};
}

}  // namespace baton::registry::storage
