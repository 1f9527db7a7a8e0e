// baton show: one model or one version in full.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/print.h"
#include "cli/reference.h"
#include "cli/table.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

void add_if(Table& table, const std::string& label, const std::string& value) {
    if (!value.empty()) table.add({label, value});
}

void print_model(std::ostream& out, const Style& style, const Json& model) {
    Table table({"", ""});
    table.add({"model", text(model, "name")});
    add_if(table, "description", text(model, "description"));
    table.add({"owner", text(model, "owner")});
    add_if(table, "tags", pairs_text(member(model, "tags")));
    table.add({"versions", text(model, "versions")});
    add_if(table, "latest", text(model, "latest_version"));
    for (const Json& live : member(model, "live")) {
        table.add({"live", text(live, "version") + " in " + text(live, "environment") + " since " +
                               human_time(text(live, "since"))});
    }
    add_if(table, "aliases", pairs_text(member(model, "aliases")));
    table.add({"created", human_time(text(model, "created_at"))});
    table.add({"updated", human_time(text(model, "updated_at"))});
    table.print(out, style);
}

void add_fields(Table& table, const std::string& label, const Json& fields) {
    for (const Json& field : fields) {
        table.add(
            {label, text(field, "name") + " " + text(field, "datatype") + " " + shape_text(member(field, "shape"))});
    }
}

void print_version(std::ostream& out, const Style& style, const Json& version) {
    Table table({"", ""});
    table.add({"version", version_name(version)});
    table.add({"digest", text(version, "digest")});
    table.add({"stage", text(version, "stage")});
    add_if(table, "live in", joined(texts(version, "live_in")));
    add_if(table, "aliases", joined(texts(version, "aliases")));
    add_if(table, "description", text(version, "description"));
    add_if(table, "tags", pairs_text(member(version, "tags")));
    for (const auto& [name, value] : member(version, "metadata").items())
        table.add({name, text(member(version, "metadata"), name)});
    table.add({"engine", text(version, "engine")});
    add_fields(table, "input", member(member(version, "signature"), "inputs"));
    add_fields(table, "output", member(member(version, "signature"), "outputs"));
    table.add({"created", human_time(text(version, "created_at")) + " by " + text(version, "created_by")});
    for (const Json& finding : member(version, "findings")) {
        table.add({"finding", text(finding, "severity") + ": " + text(finding, "message")});
    }
    table.print(out, style);

    Table files({"FILE", "SIZE>", "DIGEST"});
    for (const Json& file : member(version, "files")) {
        const Json& size = member(file, "size");
        files.add({text(file, "path"), size.is_number_unsigned() ? human_size(size.get<std::uint64_t>()) : "",
                   text(file, "digest")});
    }
    out << "\n";
    files.print(out, style);
}

Status show(Context& context, const std::string& what) {
    BATON_ASSIGN(const Reference reference, Reference::parse(what));
    BATON_ASSIGN(Api & api, context.api());
    if (!reference.names_version()) {
        BATON_ASSIGN(const Json model, api.get(api_path({"models", reference.model})));
        return context.answer(model, [&](std::ostream& out) { print_model(out, context.style(), model); });
    }
    BATON_ASSIGN(const Json version, api.get(api_path({"models", reference.model, "versions", reference.selector})));
    return context.answer(version, [&](std::ostream& out) { print_version(out, context.style(), version); });
}

}  // namespace

void add_show(CLI::App& root, Action& chosen) {
    auto what = std::make_shared<std::string>();
    CLI::App* verb = add_verb(root, "show", "Show a model or a version in full",
                              {"baton show credit-risk", "baton show credit-risk/3", "baton show credit-risk/live",
                               "baton show credit-risk@champion --json"});
    verb->add_option("REF", *what, "A model or a version")->required();
    when_chosen(verb, chosen, [what](Context& context) { return show(context, *what); });
}

}  // namespace baton::cli
