// baton fsck: re-hashes a data folder.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/progress.h"
#include "cli/verbs/verbs.h"
#include "server/app/serve.h"

namespace baton::cli {
namespace {

Json document_of(const server::FsckReport& report) {
    Json affected = Json::array();
    for (const auto& file : report.affected) {
        affected.push_back(
            {{"digest", file.digest}, {"model", file.model}, {"version", file.version}, {"path", file.path}});
    }
    return {{"clean", report.clean()},     {"blobs", report.blobs},     {"bytes", report.bytes},
            {"corrupt", report.corrupt},   {"missing", report.missing}, {"orphaned", report.orphaned},
            {"problems", report.problems}, {"affected", affected}};
}

void print_findings(std::ostream& out, const std::string& what, const std::vector<std::string>& findings) {
    for (const std::string& finding : findings) out << what << ": " << printable(finding) << "\n";
}

// Each blob, and whose files it is.
void print_blobs(std::ostream& out, const std::string& what, const std::vector<std::string>& digests,
                 const server::FsckReport& report) {
    for (const std::string& digest : digests) {
        out << what << ": " << digest << "\n";
        for (const auto& file : report.affected) {
            if (file.digest != digest) continue;
            out << "  " << printable(file.model) << "/" << file.version << ": " << printable(file.path) << "\n";
        }
    }
}

Error damaged(const std::string& data, const server::FsckReport& report) {
    std::string hint;
    if (!report.problems.empty()) {
        hint = "the metadata: restore baton.db, with the baton.db-wal of the same backup, and keep the damaged one; ";
    }
    if (!report.corrupt.empty() || !report.missing.empty()) {
        hint += "the blobs: copy each from a backup to blobs/sha256/, or register its file again; ";
    }
    hint.resize(hint.size() - 2);
    return {.code = Code::integrity, .message = "'" + data + "' is damaged", .hint = std::move(hint)};
}

Status fsck(Context& context, const std::string& data) {
    const auto check = [&] {
        Progress progress(context.io(), "checking", 0);
        return server::fsck(data, [&](std::uint64_t done, std::uint64_t total) { progress.show(done, total); });
    };
    BATON_ASSIGN(const server::FsckReport report, check());
    BATON_TRY(context.answer(document_of(report), [&](std::ostream& out) {
        print_blobs(out, "corrupt", report.corrupt, report);
        print_blobs(out, "missing", report.missing, report);
        print_findings(out, "orphaned", report.orphaned);
        print_findings(out, "problem", report.problems);
        out << report.blobs << " blobs, " << human_size(report.bytes) << ": "
            << (report.clean() ? "clean" : "not clean") << "\n";
    }));
    if (report.clean()) return {};
    return damaged(data, report);
}

}  // namespace

void add_fsck(CLI::App& root, Action& chosen) {
    auto data = std::make_shared<std::string>("baton-data");
    CLI::App* verb = add_verb(root, "fsck", "Check a data folder that no server has open: every blob and the metadata",
                              {"baton fsck", "baton fsck --data /var/lib/baton --json"});
    verb->add_option("--data", *data, "The folder")->type_name("DIR")->capture_default_str();
    when_chosen(verb, chosen, [data](Context& context) { return fsck(context, *data); });
}

}  // namespace baton::cli
