// baton log: the audit log, all pages of it.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/find_version.h"
#include "cli/print.h"
#include "cli/reference.h"
#include "cli/table.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string reference;
    std::string filter;
    std::uint64_t after = 0;
};

// What entries are about. Filters know no OR and no details, so the server is asked for what may belong to the subject,
// which is little of a long log, and the rest is left out here.
struct Subject {
    std::string model;
    std::string digest;  // of the version; empty: the whole model

    // All of a version carries its digest; that of a model is under its name, or a handoff of one of its versions.
    std::vector<std::string> filters() const {
        if (!digest.empty()) return {"digest = " + filter_literal(digest)};
        return {"object LIKE " + filter_literal("model/" + model + "%"), "object LIKE 'request/%'"};
    }
    bool covers(const Json& entry) const {
        const std::string object = "model/" + model;
        const std::string path = text(entry, "object");
        return path == object || path.starts_with(object + "/") || text(member(entry, "details"), "model") == model;
    }
};

Result<Subject> subject_of(Api& api, const Reference& reference) {
    if (!reference.names_version()) return Subject{.model = reference.model, .digest = {}};
    BATON_ASSIGN(const Json version, api.get(api_path({"models", reference.model, "versions", reference.selector})));
    return Subject{.model = reference.model, .digest = text(version, "digest")};
}

Result<Json> entries_that_fit(Api& api, const Arguments& arguments, const std::string& filter) {
    return api.list({"audit"},
                    {{"filter", filter}, {"after", arguments.after == 0 ? "" : std::to_string(arguments.after)}});
}

Result<Json> entries_about(Api& api, const Arguments& arguments) {
    BATON_ASSIGN(const Reference reference, Reference::parse(arguments.reference));
    BATON_ASSIGN(const Subject subject, subject_of(api, reference));
    std::map<std::int64_t, Json> by_sequence;
    for (const std::string& filter : subject.filters()) {
        const std::string both = arguments.filter.empty() ? filter : filter + " AND " + arguments.filter;
        BATON_ASSIGN(const Json entries, entries_that_fit(api, arguments, both));
        for (const Json& entry : entries) {
            const Json& sequence = member(entry, "seq");
            if (sequence.is_number_integer() && subject.covers(entry)) by_sequence.emplace(sequence, entry);
        }
    }
    if (by_sequence.empty()) BATON_TRY(known_model(api, reference.model));
    Json merged = Json::array();
    for (auto& [sequence, entry] : by_sequence) merged.push_back(std::move(entry));
    return merged;
}

void print_entries(std::ostream& out, const Style& style, const Json& entries) {
    if (entries.empty()) {
        out << "no entries\n";
        return;
    }
    Table table({"SEQ>", "TIME", "ACTOR", "ACTION", "OBJECT", "DETAILS"});
    for (const Json& entry : entries) {
        table.add({text(entry, "seq"), human_time(text(entry, "time")), text(entry, "actor"), text(entry, "action"),
                   text(entry, "object"), pairs_text(member(entry, "details"))});
    }
    table.print(out, style);
}

Status log(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json entries, arguments.reference.empty() ? entries_that_fit(api, arguments, arguments.filter)
                                                                 : entries_about(api, arguments));
    return context.answer({{"items", entries}},
                          [&](std::ostream& out) { print_entries(out, context.style(), entries); });
}

}  // namespace

void add_log(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "log", "Show the audit log: who changed what, when",
                              {"baton log", "baton log credit-risk/3", "baton log --after 1200 --json",
                               "baton log --filter \"actor = 'dana'\""});
    verb->add_option("REF", arguments->reference, "Only a model or a version, and its handoffs");
    verb->add_option("--filter", arguments->filter, "Only what fits")->type_name("FILTER");
    verb->add_option("--after", arguments->after, "Only later entries than this one")->type_name("SEQ");
    when_chosen(verb, chosen, [arguments](Context& context) { return log(context, *arguments); });
}

}  // namespace baton::cli
