#include "registry/audit.h"
#include "registry/catalog.h"
#include "registry/catalog_support.h"
#include "registry/storage/filter_sql.h"
#include "registry/storage/model_table.h"
#include "registry/storage/user_table.h"
#include "registry/text_rules.h"

namespace baton::registry {
namespace {

using storage::FieldKind;
using storage::ListField;

constexpr std::array<ListField, 9> fields = {{
    {.name = "name", .expression = "m.name"},
    {.name = "owner", .expression = "m.owner"},
    {.name = "description", .expression = "m.description"},
    {.name = "created_at", .kind = FieldKind::time, .expression = "m.created_at"},
    {.name = "updated_at", .kind = FieldKind::time, .expression = "m.updated_at"},
    {.name = "versions", .kind = FieldKind::number, .expression = "m.last_version"},
    {.name = "tags",
     .expression = "(SELECT t.value FROM model_tags t WHERE t.model = m.name AND t.key = $key)",
     .keyed = true,
     .nullable = true},
    {.name = "alias",
     .expression = "a.alias",
     .any_of = "EXISTS (SELECT 1 FROM aliases a WHERE a.model = m.name AND %)"},
    {.name = "live_in",
     .expression = "s.environment",
     .any_of = "EXISTS (SELECT 1 FROM slots s WHERE s.model = m.name AND s.until IS NULL AND %)"},
}};
constexpr storage::ListDefinition models_list = {
    .name = "models", .fields = fields, .default_order = "name", .key = "name"};

}  // namespace

Result<Model> create_model(Transaction& transaction, const NewModel& wanted) {
    BATON_TRY(require_creator(transaction.caller(), wanted.name));
    TextCheck check;
    check.text("description", wanted.description);
    check.pairs("tags", wanted.tags);
    BATON_TRY(check.status());
    storage::Connection& connection = transaction.connection();
    if (storage::model_exists(connection, wanted.name)) {
        return Error{.code = Code::already_exists,
                     .message = "there is a model " + wanted.name.text() + " already",
                     .hint = "register a version of it, or choose another name"};
    }
    storage::insert_model(connection, {.name = wanted.name,
                                       .description = wanted.description,
                                       .owner = transaction.caller().user,
                                       .tags = wanted.tags,
                                       .created_at = transaction.now(),
                                       .updated_at = transaction.now(),
                                       .revision = 1,
                                       .versions = 0,
                                       .latest_version = std::nullopt,
                                       .live = {},
                                       .aliases = {}});
    append_audit(
        transaction,
        {.action = "model.created", .object = model_object(wanted.name), .digest = std::nullopt, .details = {}});
    return load_model(transaction, wanted.name);
}

Result<Model> get_model(const Snapshot& snapshot, const Caller& caller, const ModelName& name) {
    BATON_TRY(require_read(caller, name));
    return load_model(snapshot, name);
}

Result<Page<Model>> list_models(const Snapshot& snapshot, const Caller& caller, const PageRequest& page) {
    BATON_TRY(require_any_role(caller));
    BATON_ASSIGN(storage::ListQuery query, storage::ListQuery::create(models_list, page));
    query.where_visible("m.name", caller);
    BATON_ASSIGN(storage::ListRows rows, query.run(snapshot.connection(), "m.name", "models m"));
    Page<Model> models{.items = {}, .next_token = std::move(rows.next_token)};
    for (const storage::Row& row : rows.rows) {
        BATON_ASSIGN(Model model, load_model(snapshot, ModelName::trusted(row.text(0))));
        models.items.push_back(std::move(model));
    }
    return models;
}

Result<Model> edit_model(Transaction& transaction, const ModelName& name, const ModelEdit& edit) {
    BATON_TRY(require_role(transaction.caller(), Role::developer, name));
    TextCheck check;
    check.text("description", edit.description.value_or(""));
    check.pairs("tags", edit.tags);
    BATON_TRY(check.status());
    BATON_ASSIGN(const Model model, load_model(transaction, name));
    BATON_TRY(require_revision("model " + name.text(), model.revision, edit.expected_revision));
    storage::Connection& connection = transaction.connection();
    const TagChanges tags = tag_changes(edit.tags, model.tags);
    AuditRecord record{
        .action = "model.edited", .object = model_object(name), .digest = std::nullopt, .details = tag_details(tags)};
    if (edit.owner && *edit.owner != model.owner) {
        if (!storage::find_user(connection, *edit.owner))
            return invalid_argument("there is no user " + edit.owner->text() + " who could own the model");
        storage::set_model_owner(connection, name, *edit.owner);
        record.details["owner"] = edit.owner->text();
    }
    if (edit.description && *edit.description != model.description) {
        storage::set_model_description(connection, name, *edit.description);
        record.details["description"] = *edit.description;
    }
    if (record.details.empty()) return model;
    for (const auto& [key, value] : tags) storage::set_model_tag(connection, name, key, value);
    storage::touch_model(connection, name, transaction.now());
    append_audit(transaction, record);
    return load_model(transaction, name);
}

Status delete_model(Transaction& transaction, const ModelName& name, std::optional<std::int64_t> expected_revision) {
    BATON_TRY(require_role(transaction.caller(), Role::developer, name));
    BATON_ASSIGN(const Model model, load_model(transaction, name));
    BATON_TRY(require_revision("model " + name.text(), model.revision, expected_revision));
    if (storage::was_ever_live(transaction.connection(), name)) {
        return failed_precondition("the model " + name.text() + " cannot be deleted: a version of it was live once",
                                   "retire its versions instead; what was live stays on record");
    }
    storage::delete_model(transaction.connection(), name);
    append_audit(transaction, {.action = "model.deleted",
                               .object = model_object(name),
                               .digest = std::nullopt,
                               .details = {{"versions", std::to_string(model.versions)}}});
    return {};
}

}  // namespace baton::registry
