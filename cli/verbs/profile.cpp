// baton profile list, use, remove: the servers that were logged in to.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/table.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

Status list(Context& context) {
    BATON_ASSIGN(const ProfileStore store, ProfileStore::locate(context.io()));
    BATON_ASSIGN(const Profiles profiles, store.load());
    Json items = Json::array();
    for (const auto& [name, profile] : profiles.profiles) {
        items.push_back({{"name", name}, {"url", profile.url}, {"default", name == profiles.default_name}});
    }
    return context.answer({{"items", items}}, [&](std::ostream& out) {
        if (items.empty()) {
            out << "no profiles\n";
            return;
        }
        Table table({"PROFILE", "SERVER", "NOTE"});
        for (const Json& item : items) {
            table.add({text(item, "name"), text(item, "url"), text(item, "default") == "true" ? "default" : ""});
        }
        table.print(out, context.style());
    });
}

// Changes the profiles, of which `name` is one, and saves them.
Status change(Context& context, const std::string& name, const std::function<void(Profiles&)>& work) {
    BATON_ASSIGN(const ProfileStore store, ProfileStore::locate(context.io()));
    BATON_ASSIGN(Profiles profiles, store.load());
    BATON_TRY(named_profile(profiles, name));
    work(profiles);
    return store.save(profiles);
}

Status use(Context& context, const std::string& name) {
    BATON_TRY(change(context, name, [&](Profiles& profiles) { profiles.default_name = name; }));
    return context.answer({{"default", name}},
                          [&](std::ostream& out) { out << printable(name) << " is the default profile\n"; });
}

Status remove(Context& context, const std::string& name) {
    bool was_default = false;
    BATON_TRY(change(context, name, [&](Profiles& profiles) {
        was_default = profiles.default_name == name;
        profiles.profiles.erase(name);
    }));
    if (was_default) context.note("no profile is the default now; baton profile use NAME makes one");
    return context.answer({{"profile", name}, {"removed", true}}, [&](std::ostream& out) {
        out << "removed profile " << printable(name) << "; its token is good on the server until it is revoked\n";
    });
}

}  // namespace

void add_profile(CLI::App& root, Action& chosen) {
    auto name = std::make_shared<std::string>();
    CLI::App* verb = add_verb(root, "profile", "List, choose and remove the servers that were logged in to",
                              {"baton profile list", "baton profile use work"});
    verb->require_subcommand(1);
    when_chosen(add_verb(*verb, "list", "List the profiles; tokens are not shown", {"baton profile list"}), chosen,
                list);

    CLI::App* choice = add_verb(*verb, "use", "Make a profile the default of all commands", {"baton profile use work"});
    choice->add_option("NAME", *name, "The profile")->required();
    when_chosen(choice, chosen, [name](Context& context) { return use(context, *name); });

    CLI::App* removal = add_verb(*verb, "remove", "Forget a profile and its token", {"baton profile remove work"});
    removal->add_option("NAME", *name, "The profile")->required();
    when_chosen(removal, chosen, [name](Context& context) { return remove(context, *name); });
}

}  // namespace baton::cli
