#include <algorithm>

#include "registry/audit.h"
#include "registry/catalog.h"
#include "registry/catalog_support.h"
#include "registry/storage/model_table.h"
#include "registry/storage/version_table.h"

namespace baton::registry {

Result<Model> set_alias(Transaction& transaction, const ModelName& model, const Alias& alias, const VersionRef& ref) {
    BATON_TRY(require_role(transaction.caller(), Role::developer, model));
    BATON_ASSIGN(const Version version, load_version(transaction, model, ref));
    if (std::ranges::count(version.aliases, alias.text()) > 0) return load_model(transaction, model);
    storage::set_alias(transaction.connection(), model, alias, version.number);
    storage::touch_model(transaction.connection(), model, transaction.now());
    append_audit(transaction, {.action = "alias.set",
                               .object = model_object(model),
                               .digest = version.digest,
                               .details = {{"alias", alias.text()}, {"version", std::to_string(version.number)}}});
    return load_model(transaction, model);
}

Result<Model> remove_alias(Transaction& transaction, const ModelName& model, const Alias& alias) {
    BATON_TRY(require_role(transaction.caller(), Role::developer, model));
    BATON_ASSIGN(const Version version, load_version(transaction, model, alias));
    storage::remove_alias(transaction.connection(), model, alias);
    storage::touch_model(transaction.connection(), model, transaction.now());
    append_audit(transaction, {.action = "alias.removed",
                               .object = model_object(model),
                               .digest = version.digest,
                               .details = {{"alias", alias.text()}, {"version", std::to_string(version.number)}}});
    return load_model(transaction, model);
}

}  // namespace baton::registry
