// baton user create, list, edit.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/print.h"
#include "cli/table.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string name;
    std::vector<std::string> roles;
    bool disable = false;
    bool enable = false;
};

void print_user(std::ostream& out, const Json& user) {
    out << "user " << printable(text(user, "name")) << " (" << printable(joined(texts(user, "roles"))) << ")"
        << (text(user, "disabled") == "true" ? ", disabled" : "") << "\n";
}

Status create(Context& context, const Arguments& arguments) {
    Json body = {{"name", arguments.name}};
    if (!arguments.roles.empty()) body["roles"] = arguments.roles;
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json user, api.post(api_path({"users"}), body));
    return context.answer(user, [&](std::ostream& out) { print_user(out, user); });
}

Status edit(Context& context, const Arguments& arguments) {
    Json changes = Json::object();
    if (!arguments.roles.empty()) changes["roles"] = arguments.roles;
    if (arguments.disable || arguments.enable) changes["disabled"] = arguments.disable;
    if (changes.empty()) return invalid_argument("nothing to change", "give --role, --disable or --enable");
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json user, api.patch(api_path({"users", arguments.name}), changes));
    return context.answer(user, [&](std::ostream& out) { print_user(out, user); });
}

Status list(Context& context) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json users, api.list({"users"}, {}));
    return context.answer({{"items", users}}, [&](std::ostream& out) {
        Table table({"USER", "ROLES", "CREATED", "NOTE"});
        for (const Json& user : users) {
            table.add({text(user, "name"), joined(texts(user, "roles")), human_time(text(user, "created_at")),
                       text(user, "disabled") == "true" ? "disabled" : ""});
        }
        table.print(out, context.style());
    });
}

void add_user_arguments(CLI::App* verb, Arguments& arguments, const char* roles_help) {
    verb->add_option("NAME", arguments.name, "The user")->required();
    one_role(verb->add_option("--role", arguments.roles, roles_help)->allow_extra_args(false));
}

void add_edit(CLI::App& verb, Action& chosen, const std::shared_ptr<Arguments>& arguments) {
    CLI::App* edition = add_verb(verb, "edit", "Change the roles of a user, or shut one out and let one in again",
                                 {"baton user edit dana --role developer --role approver",
                                  "baton user edit dana --disable", "baton user edit dana --enable"});
    add_user_arguments(edition, *arguments,
                       "All roles that the user shall have, in place of the present ones; repeatable");
    CLI::Option* disable =
        edition->add_flag("--disable", arguments->disable, "None of the user's tokens is good any more, from now on");
    edition->add_flag("--enable", arguments->enable, "They are good again")->excludes(disable);
    when_chosen(edition, chosen, [arguments](Context& context) { return edit(context, *arguments); });
}

}  // namespace

void add_user(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb =
        add_verb(root, "user", "Create, list and change users",
                 {"baton user create dana --role developer", "baton user list", "baton user edit dana --disable"});
    verb->require_subcommand(1);

    CLI::App* creation =
        add_verb(*verb, "create", "Create a user",
                 {"baton user create dana --role developer", "baton user create alex --role approver --role viewer"});
    add_user_arguments(creation, *arguments, "Default: viewer; repeatable");
    when_chosen(creation, chosen, [arguments](Context& context) { return create(context, *arguments); });

    when_chosen(add_verb(*verb, "list", "List the users", {"baton user list"}), chosen, list);
    add_edit(*verb, chosen, arguments);
}

}  // namespace baton::cli
