// baton register: local files become a version.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "artifacts/manifest.h"
#include "cli/files.h"
#include "cli/pairs.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/upload.h"
#include "cli/verbs/verbs.h"
#include "cli/warnings.h"

namespace baton::cli {
namespace {

struct Arguments {
    std::string model;
    std::vector<std::string> paths;
    std::string report;
    std::vector<std::string> tags;
    std::vector<std::string> metadata;
    std::string description;
    std::string environment;
    std::string notes;
    std::string engine;
};

Result<std::vector<LocalFile>> hashed_files(Context& context, const std::vector<std::string>& paths) {
    BATON_ASSIGN(std::vector<LocalFile> files, collect_files(paths, [&](const std::string& path) {
                     context.note("skipped " + path + ": its name begins with a dot");
                 }));
    std::uint64_t total = 0;
    for (const LocalFile& file : files) total += file.size;
    Progress progress(context.io(), "hashing", total);
    for (LocalFile& file : files) BATON_TRY(hash_file(file, [&](std::uint64_t bytes) { progress.add(bytes); }));
    return files;
}

// A file that is wrong is named as people know it, not by its place in the list.
Error by_name(Error error, const std::vector<LocalFile>& files) {
    for (FieldError& field : error.fields) {
        for (std::size_t place = 0; place < files.size(); ++place) {
            if (field.field == "files[" + std::to_string(place) + "]") field.field = "'" + files[place].path + "'";
        }
    }
    return error;
}

// Refuses what the server would refuse, before any byte is sent.
Result<Digest> manifest_digest(const std::vector<LocalFile>& files) {
    std::vector<artifacts::ManifestFile> entries;
    for (const LocalFile& file : files) entries.push_back({file.path, file.size, file.digest});
    const auto manifest = artifacts::Manifest::create(std::move(entries));
    if (!manifest.ok()) return by_name(manifest.error(), files);
    return manifest->digest();
}

Result<Json> version_body(Context& context, const Arguments& arguments, const std::vector<LocalFile>& files) {
    BATON_ASSIGN(const Digest digest, manifest_digest(files));
    BATON_ASSIGN(Json tags, parse_pairs(arguments.tags, "--tag"));
    BATON_ASSIGN(Json metadata, parse_pairs(arguments.metadata, "--metadata"));
    Json entries = Json::array();
    for (const LocalFile& file : files) {
        entries.push_back({{"path", file.path}, {"size", file.size}, {"digest", file.digest.text()}});
    }
    Json body = {{"files", std::move(entries)},
                 {"description", arguments.description},
                 {"tags", std::move(tags)},
                 {"metadata", std::move(metadata)},
                 {"expected_digest", digest.text()}};
    if (!arguments.engine.empty()) body["engine"] = arguments.engine;
    if (!arguments.report.empty()) {
        BATON_ASSIGN(const std::string content, read_input(arguments.report, context.io()));
        BATON_ASSIGN(body["report"], parse_json(content, "'" + arguments.report + "'"));
    }
    return body;
}

Status register_version(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(const std::vector<LocalFile> files, hashed_files(context, arguments.paths));
    BATON_ASSIGN(const Json body, version_body(context, arguments, files));
    BATON_ASSIGN(Api & api, context.api());
    BATON_ASSIGN(const UploadSummary sent, upload_missing(api, files, context.io()));
    BATON_ASSIGN(Json version, api.post(api_path({"models", arguments.model, "versions"}), body));
    context.note("registered " + file_count(files.size()) + ", " + human_size(sent.bytes) + " sent; digest " +
                 text(version, "digest"));

    if (!arguments.environment.empty()) {
        const std::string number = text(version, "version");
        const auto opened = api.post(api_path({"models", arguments.model, "versions", number, "requests"}),
                                     {{"environment", arguments.environment}, {"notes", arguments.notes}});
        if (!opened.ok()) {
            context.note(arguments.model + "/" + number + " is registered, but the request was not opened");
            return opened.error();
        }
        version["request"] = *opened;
        context.note("opened request " + text(*opened, "id") + " for " + arguments.environment);
        note_warnings(context, *opened);
    }
    return context.answer(version, [&](std::ostream& out) { out << printable(version_name(version)) << "\n"; });
}

}  // namespace

void add_register(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "register", "Register files as a new version of a model; prints NAME/VERSION",
                              {"baton register credit-risk model.onnx --report report.json",
                               "baton register credit-risk model/ --tag team=risk --metadata framework=scikit-learn",
                               "baton register credit-risk model.onnx --request production --notes 'retrained'"});
    add_model(verb, arguments->model, "The model; made when it is new")->required();
    verb->add_option("PATH", arguments->paths, "Files, and folders whose content keeps its relative paths")->required();
    verb->add_option("--report", arguments->report, "A validation report as JSON")->type_name("FILE");
    verb->add_option("--tag", arguments->tags, "A tag of the version; repeatable")
        ->type_name("K=V")
        ->allow_extra_args(false);
    verb->add_option("--metadata", arguments->metadata, "framework, task, code_revision, data_digest …; repeatable")
        ->type_name("K=V")
        ->allow_extra_args(false);
    one_of(verb->add_option("--engine", arguments->engine,
                            "What runs the model; by itself eigen where it can, else onnxruntime"),
           {"eigen", "onnxruntime"});
    verb->add_option("--description", arguments->description, "What is new")->type_name("TEXT");
    CLI::Option* request = verb->add_option("--request", arguments->environment, "Also ask that it goes live there");
    request->type_name("ENV");
    verb->add_option("--notes", arguments->notes, "For the approver")->type_name("TEXT")->needs(request);
    when_chosen(verb, chosen, [arguments](Context& context) { return register_version(context, *arguments); });
}

}  // namespace baton::cli
