// baton user create, list.
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
};

Status create(Context& context, const Arguments& arguments) {
    Json body = {{"name", arguments.name}};
    if (!arguments.roles.empty()) body["roles"] = arguments.roles;
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json user, api.post(api_path({"users"}), body));
    return context.answer(user, [&](std::ostream& out) {
        out << "user " << arguments.name << " (" << joined(texts(user, "roles")) << ")\n";
    });
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

}  // namespace

void add_user(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb =
        add_verb(root, "user", "Create and list users", {"baton user create dana --role developer", "baton user list"});
    verb->require_subcommand(1);

    CLI::App* creation =
        add_verb(*verb, "create", "Create a user",
                 {"baton user create dana --role developer", "baton user create alex --role approver --role viewer"});
    creation->add_option("NAME", arguments->name, "The user")->required();
    creation
        ->add_option("--role", arguments->roles, "viewer (default), developer, approver, deployer or admin; repeatable")
        ->type_name("ROLE")
        ->allow_extra_args(false);
    when_chosen(creation, chosen, [arguments](Context& context) { return create(context, *arguments); });

    when_chosen(add_verb(*verb, "list", "List the users", {"baton user list"}), chosen, list);
}

}  // namespace baton::cli
