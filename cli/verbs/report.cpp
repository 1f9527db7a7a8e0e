// baton report add, show: validation reports of a version.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/files.h"
#include "cli/reference.h"
#include "cli/report_text.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string reference;
    std::string file;
};

Status add_report(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(const Reference reference, parse_version_reference(arguments.reference));
    BATON_ASSIGN(const std::string content, read_input(arguments.file, context.io()));
    BATON_ASSIGN(const Json body, parse_json(content, "'" + arguments.file + "'"));
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json report,
                 api.post(api_path({"models", reference.model, "versions", reference.selector, "reports"}), body));
    return context.answer(report, [&](std::ostream& out) {
        out << "report " << text(report, "id") << " added to " << reference.text() << "\n";
    });
}

Status show_reports(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(const Reference reference, parse_version_reference(arguments.reference));
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const Json reports,
                 api.list({"models", reference.model, "versions", reference.selector, "reports"}, {}));
    return context.answer({{"items", reports}}, [&](std::ostream& out) {
        if (reports.empty()) out << reference.text() << " has no validation report\n";
        for (const Json& report : reports) print_report(out, context.style(), report);
    });
}

}  // namespace

void add_report(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "report", "Add validation reports to a version, or show them",
                              {"baton report add credit-risk/3 report.json", "baton report show credit-risk/3"});
    verb->require_subcommand(1);

    CLI::App* add = add_verb(*verb, "add", "Add a validation report", {"baton report add credit-risk/3 report.json"});
    add->add_option("REF", arguments->reference, "The version")->required();
    add->add_option("FILE", arguments->file, "The report as JSON, - for standard input")->required();
    when_chosen(add, chosen, [arguments](Context& context) { return add_report(context, *arguments); });

    CLI::App* show = add_verb(*verb, "show", "Show the validation reports", {"baton report show credit-risk/live"});
    show->add_option("REF", arguments->reference, "The version")->required();
    when_chosen(show, chosen, [arguments](Context& context) { return show_reports(context, *arguments); });
}

}  // namespace baton::cli
