// Lists of versions: of one model, and across all that the caller may see.
#include "registry/catalog.h"
#include "registry/catalog_support.h"
#include "registry/storage/filter_sql.h"
#include "registry/storage/model_table.h"

namespace baton::registry {
namespace {

using storage::FieldKind;
using storage::ListField;

constexpr std::array<ListField, 17> fields = {{
    {.name = "name", .expression = "v.model"},
    {.name = "model", .expression = "v.model"},
    {.name = "version", .kind = FieldKind::number, .expression = "v.number"},
    {.name = "digest", .kind = FieldKind::digest, .expression = "v.digest"},
    {.name = "stage", .expression = "v.stage"},
    {.name = "engine", .expression = "v.engine"},
    {.name = "description", .expression = "v.description"},
    {.name = "size", .kind = FieldKind::number, .expression = "v.size"},
    {.name = "created_at", .kind = FieldKind::time, .expression = "v.created_at"},
    {.name = "created_by", .expression = "v.created_by"},
    {.name = "tags",
     .expression =
         "(SELECT t.value FROM version_tags t WHERE t.model = v.model AND t.number = v.number AND t.key = $key)",
     .keyed = true,
     .nullable = true},
    {.name = "metadata",
     .expression =
         "(SELECT d.value FROM version_metadata d WHERE d.model = v.model AND d.number = v.number AND d.key = $key)",
     .keyed = true,
     .nullable = true},
    // Of the newest report that has the metric.
    {.name = "metrics",
     .kind = FieldKind::number,
     .expression = "(SELECT q.value FROM reports r JOIN report_metrics q ON q.report_id = r.id"
                   " WHERE r.model = v.model AND r.number = v.number AND q.name = $key ORDER BY r.id DESC LIMIT 1)",
     .keyed = true,
     .nullable = true},
    {.name = "alias",
     .expression = "a.alias",
     .any_of = "EXISTS (SELECT 1 FROM aliases a WHERE a.model = v.model AND a.number = v.number AND %)"},
    {.name = "live_in",
     .expression = "s.environment",
     .any_of =
         "EXISTS (SELECT 1 FROM slots s WHERE s.model = v.model AND s.number = v.number AND s.until IS NULL AND %)"},
    {.name = "finding",
     .expression = "f.code",
     .any_of = "EXISTS (SELECT 1 FROM version_findings f WHERE f.model = v.model AND f.number = v.number AND %)"},
    {.name = "file_digest",
     .kind = FieldKind::digest,
     .expression = "i.digest",
     .any_of = "EXISTS (SELECT 1 FROM version_files i WHERE i.model = v.model AND i.number = v.number AND %)"},
}};

constexpr storage::ListDefinition of_one_model = {
    .name = "versions", .fields = fields, .default_order = "version desc", .key = "version"};
constexpr storage::ListDefinition of_all_models = {
    .name = "search", .fields = fields, .default_order = "created_at desc", .key = "model, version"};

Result<Page<Version>> run(const Snapshot& snapshot, const storage::ListQuery& query) {
    BATON_ASSIGN(storage::ListRows rows, query.run(snapshot.connection(), "v.model, v.number", "versions v"));
    Page<Version> versions{.items = {}, .next_token = std::move(rows.next_token)};
    for (const storage::Row& row : rows.rows) {
        BATON_ASSIGN(Version version, load_version(snapshot, ModelName::trusted(row.text(0)), row.integer(1)));
        versions.items.push_back(std::move(version));
    }
    return versions;
}

}  // namespace

Result<Page<Version>> list_versions(const Snapshot& snapshot, const Caller& caller, const ModelName& model,
                                    const PageRequest& page) {
    BATON_TRY(require_read(caller, model));
    if (!storage::model_exists(snapshot.connection(), model)) return unknown_model(model);
    BATON_ASSIGN(storage::ListQuery query, storage::ListQuery::create(of_one_model, page));
    query.where("v.model = ?", {model.text()});
    return run(snapshot, query);
}

Result<Page<Version>> search_versions(const Snapshot& snapshot, const Caller& caller, const PageRequest& page) {
    BATON_TRY(require_any_role(caller));
    BATON_ASSIGN(storage::ListQuery query, storage::ListQuery::create(of_all_models, page));
    query.where_visible("v.model", caller);
    return run(snapshot, query);
}

}  // namespace baton::registry
