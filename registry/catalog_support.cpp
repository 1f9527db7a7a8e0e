#include "registry/catalog_support.h"

#include "registry/storage/model_table.h"
#include "registry/storage/version_table.h"

namespace baton::registry {
namespace {

// How a version that is not there was asked for.
struct RefText {
    std::string operator()(VersionNumber number) const { return "version " + std::to_string(number); }
    std::string operator()(const LiveIn& live) const { return "version live in " + live.environment.text(); }
    std::string operator()(const Alias& alias) const { return "alias " + alias.text(); }
    std::string operator()(const Digest& digest) const { return "version " + digest.text(); }
    std::string operator()(const Latest&) const { return "version yet"; }
};

}  // namespace

std::string model_object(const ModelName& model) { return "model/" + model.text(); }

std::string version_object(const ModelName& model, VersionNumber number) {
    return model_object(model) + "/version/" + std::to_string(number);
}

Status require_revision(const std::string& what, const std::string& current,
                        const std::optional<std::string>& expected) {
    if (!expected || *expected == current) return {};
    return Error{.code = Code::aborted,
                 .message = "the " + what + " was changed meanwhile: its revision is " + current + ", not " + *expected,
                 .hint = "read it again and repeat the change"};
}

Status require_revision(const std::string& what, std::int64_t current, std::optional<std::int64_t> expected) {
    return require_revision(what, std::to_string(current),
                            expected ? std::optional(std::to_string(*expected)) : std::nullopt);
}

Result<Model> load_model(const Snapshot& snapshot, const ModelName& name) {
    auto model = storage::find_model(snapshot.connection(), name);
    if (!model) return unknown_model(name);
    return *std::move(model);
}

Result<VersionNumber> load_version_number(const Snapshot& snapshot, const ModelName& model, const VersionRef& ref) {
    const auto number = storage::resolve_version(snapshot.connection(), model, ref);
    if (number) return *number;
    if (!storage::model_exists(snapshot.connection(), model)) return unknown_model(model);
    const bool is_live = std::holds_alternative<LiveIn>(ref);
    return not_found("the model " + model.text() + " has no " + std::visit(RefText{}, ref),
                     is_live ? "`baton slots " + model.text() + "` shows what is and was live where"
                             : "`baton list " + model.text() + "` shows its versions");
}

Result<Version> load_version(const Snapshot& snapshot, const ModelName& model, const VersionRef& ref) {
    BATON_ASSIGN(const VersionNumber number, load_version_number(snapshot, model, ref));
    auto version = storage::find_version(snapshot.connection(), model, number);
    if (!version) return internal_error("version " + std::to_string(number) + " of " + model.text() + " has no row");
    return *std::move(version);
}

TagChanges tag_changes(const TagChanges& wanted, const Tags& tags) {
    TagChanges changes = wanted;
    std::erase_if(changes, [&](const auto& change) {
        const auto tag = tags.find(change.first);
        return tag == tags.end() ? !change.second : change.second == tag->second;
    });
    return changes;
}

std::map<std::string, std::string> tag_details(const TagChanges& changes) {
    std::map<std::string, std::string> details;
    for (const auto& [key, value] : changes) details.emplace("tags." + key, value.value_or(""));
    return details;
}

}  // namespace baton::registry
