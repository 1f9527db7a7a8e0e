// baton edit: changes what is said of a model or a version. What they are never changes.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/pairs.h"
#include "cli/reference.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string reference;
    std::string description;
    bool description_given = false;  // an empty one takes the present one away
    std::string owner;
    std::vector<std::string> tags;
    std::vector<std::string> untags;
};

// Tags to set, and null for those to remove.
Result<Json> tag_changes(const Arguments& arguments) {
    BATON_ASSIGN(Json tags, parse_pairs(arguments.tags, "--tag"));
    for (const std::string& name : arguments.untags) {
        if (tags.contains(name)) return invalid_argument("the tag '" + name + "' cannot be both set and removed");
        tags[name] = nullptr;
    }
    return tags;
}

Result<Json> changes_of(const Arguments& arguments, const Reference& reference) {
    Json changes = Json::object();
    if (arguments.description_given) changes["description"] = arguments.description;
    if (!arguments.owner.empty()) {
        if (reference.names_version()) {
            return invalid_argument("a version has no owner", "name the model: baton edit " + reference.model);
        }
        changes["owner"] = arguments.owner;
    }
    BATON_ASSIGN(Json tags, tag_changes(arguments));
    if (!tags.empty()) changes["tags"] = std::move(tags);
    if (changes.empty()) return invalid_argument("nothing to change", "give --description, --tag, --untag or --owner");
    return changes;
}

Status edit(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(const Reference reference, Reference::parse(arguments.reference));
    BATON_ASSIGN(const Json changes, changes_of(arguments, reference));
    BATON_ASSIGN(Api & api, context.api());
    const std::string target = reference.names_version()
                                   ? api_path({"models", reference.model, "versions", reference.selector})
                                   : api_path({"models", reference.model});
    BATON_ASSIGN(const Json after, api.patch(target, changes));
    return context.answer(after, [&](std::ostream& out) { out << "changed " << printable(reference.text()) << "\n"; });
}

}  // namespace

void add_edit(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "edit", "Change the description and tags of a model or a version",
                              {"baton edit credit-risk --description 'who pays back' --tag team=risk",
                               "baton edit credit-risk --owner dana", "baton edit credit-risk/3 --untag draft"});
    verb->add_option("REF", arguments->reference, "A model or a version")->required();
    CLI::Option* description =
        verb->add_option("--description", arguments->description, "In place of the present one")->type_name("TEXT");
    verb->add_option("--tag", arguments->tags, "Set a tag; others stay; repeatable")
        ->type_name("K=V")
        ->allow_extra_args(false);
    verb->add_option("--untag", arguments->untags, "Remove a tag; repeatable")->type_name("K")->allow_extra_args(false);
    verb->add_option("--owner", arguments->owner, "The user who answers for the model")->type_name("USER");
    when_chosen(verb, chosen, [arguments, description](Context& context) {
        arguments->description_given = description->count() > 0;
        return edit(context, *arguments);
    });
}

}  // namespace baton::cli
