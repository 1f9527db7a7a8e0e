// baton diff: what changed between two versions of a model.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/print.h"
#include "cli/reference.h"
#include "cli/table.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string from;
    std::string to;
};

// Adds {name: {from, to}} to the table; an absent side is shown as a dash.
void add_changes(Table& table, const std::string& kind, const Json& changes) {
    const auto shown = [](const std::string& value) { return value.empty() ? std::string("-") : value; };
    for (const auto& [name, change] : changes.items()) {
        table.add({kind, name, shown(text(change, "from")), shown(text(change, "to")), text(change, "delta")});
    }
}

// Metrics that differ.
void add_metrics(Table& table, const Json& metrics) {
    const auto shown = [](const Json& value) { return value.is_number() ? number_text(value) : std::string("-"); };
    for (const auto& [name, change] : metrics.items()) {
        const Json& from = member(change, "from");
        const Json& to = member(change, "to");
        if (from != to) table.add({"metric", name, shown(from), shown(to), number_text(member(change, "delta"))});
    }
}

std::string fields_text(const Json& fields) {
    std::vector<std::string> parts;
    for (const Json& field : fields) {
        parts.push_back(text(field, "name") + " " + text(field, "datatype") + shape_text(member(field, "shape")));
    }
    return joined(parts);
}

void add_signature(Table& table, const Json& signature) {
    if (text(signature, "same") != "false") return;
    for (const char* side : {"inputs", "outputs"}) {
        table.add({"signature", side, fields_text(member(member(signature, "from"), side)),
                   fields_text(member(member(signature, "to"), side))});
    }
}

// File digests are shown short: it matters that they differ.
Json shortened(const Json& files) {
    Json out = Json::object();
    for (const auto& [path, change] : files.items()) {
        out[path] = {{"from", short_digest(text(change, "from"))}, {"to", short_digest(text(change, "to"))}};
    }
    return out;
}

void print_diff(std::ostream& out, const Style& style, const Json& diff) {
    Table table({"WHAT", "NAME", text(member(diff, "from"), "version") + ">", text(member(diff, "to"), "version") + ">",
                 "CHANGE>"});
    add_metrics(table, member(diff, "metrics"));
    add_changes(table, "metadata", member(diff, "metadata"));
    add_changes(table, "tag", member(diff, "tags"));
    add_signature(table, member(diff, "signature"));
    add_changes(table, "file", shortened(member(diff, "files")));
    if (table.empty()) {
        out << "no difference\n";
    } else {
        table.print(out, style);
    }
}

Status diff(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(const Reference from, parse_version_reference(arguments.from));
    BATON_ASSIGN(const Reference to, parse_version_reference(arguments.to));
    if (from.model != to.model) {
        return invalid_argument("'" + from.model + "' and '" + to.model + "' are two models",
                                "name two versions of one model");
    }
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json changes,
                 api.get(api_path({"models", from.model, "diff"}, {{"from", from.selector}, {"to", to.selector}})));
    return context.answer(changes, [&](std::ostream& out) { print_diff(out, context.style(), changes); });
}

}  // namespace

void add_diff(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb =
        add_verb(root, "diff", "Show what changed between two versions: metrics, metadata, signature, files",
                 {"baton diff credit-risk/2 credit-risk/3", "baton diff credit-risk/live credit-risk/latest"});
    verb->add_option("FROM", arguments->from, "The older version")->required();
    verb->add_option("TO", arguments->to, "The newer version")->required();
    when_chosen(verb, chosen, [arguments](Context& context) { return diff(context, *arguments); });
}

}  // namespace baton::cli
