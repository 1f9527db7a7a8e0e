// baton log: the audit log, all pages of it.
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
    std::string reference;
    std::string filter;
    std::uint64_t after = 0;
};

// Whether an entry is about what was asked for: by the path of its object, or, for handoffs, by the digest or model it
// names.
struct Subject {
    std::string object;  // model/NAME or model/NAME/version/3
    std::string digest;  // of the version
    std::string model;

    bool covers(const Json& entry) const {
        const std::string path = text(entry, "object");
        if (path == object || path.starts_with(object + "/")) return true;
        if (text(member(entry, "details"), "model") != model) return false;
        return digest.empty() || text(entry, "digest") == digest;
    }
};

Result<Subject> subject_of(Api& api, const Reference& reference) {
    Subject subject{.object = "model/" + reference.model, .digest = {}, .model = reference.model};
    if (!reference.names_version()) return subject;
    BATON_ASSIGN(const Json version, api.get(api_path({"models", reference.model, "versions", reference.selector})));
    subject.object += "/version/" + text(version, "version");
    subject.digest = text(version, "digest");
    return subject;
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
    std::optional<Subject> subject;
    if (!arguments.reference.empty()) {
        BATON_ASSIGN(const Reference reference, Reference::parse(arguments.reference));
        BATON_ASSIGN(subject, subject_of(api, reference));
    }
    const Query query = {{"filter", arguments.filter},
                         {"after", arguments.after == 0 ? "" : std::to_string(arguments.after)}};
    BATON_ASSIGN(const Json all, api.list({"audit"}, query));
    Json entries = Json::array();
    for (const Json& entry : all) {
        if (!subject || subject->covers(entry)) entries.push_back(entry);
    }
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
