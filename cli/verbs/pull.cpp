// baton pull: the verified files of a version in a folder, and with --watch kept in step with what is live.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/encoding.h"
#include "cli/mirror.h"
#include "cli/problem.h"
#include "cli/progress.h"
#include "cli/reference.h"
#include "cli/verbs/verbs.h"

namespace baton::cli {
namespace {

using artifacts::Manifest;
using artifacts::ManifestFile;
using server::ClientResponse;

struct Arguments {
    std::string reference;
    std::string directory;
    bool watch = false;
};

const std::string layout =
    "DIR becomes a link to DIR.versions/DIGEST, a folder that never changes. A new version is downloaded and verified\n"
    "beside it and then shown by one rename: a reader sees the old files or the new ones, never a mix. The version\n"
    "before is kept. When a digest does not match, the exit code is 8 and DIR stays as it is.\n\n";
constexpr const char* wait_seconds = "30";
constexpr std::chrono::milliseconds retry_pause{2000};
constexpr int attempts = 5;
constexpr std::chrono::milliseconds first_pause{200};

// Where a reference's manifest and files are. What is live has paths that may be open to everyone; of all else the
// manifest is asked for by the reference, and the files by the manifest's digest, which means the same for ever.
class Source {
public:
    explicit Source(Reference reference) : reference_(std::move(reference)) {
        if (const auto environment = reference_.live_environment()) query_ = {{"environment", *environment}};
    }

    bool is_live() const { return !query_.empty(); }
    const std::string& model() const { return reference_.model; }
    std::string environment() const { return reference_.live_environment().value_or(""); }
    std::string text() const { return reference_.text(); }

    std::string manifest() const {
        if (is_live()) return api_path({"models", reference_.model, "live"}, query_);
        return api_path({"models", reference_.model, "versions", reference_.selector, "manifest"});
    }
    std::string file(const Digest& version, const std::string& path) const {
        const std::string folder = is_live()
                                       ? api_path({"models", reference_.model, "live", "files"})
                                       : api_path({"models", reference_.model, "versions", version.text(), "files"});
        const std::string target = folder + "/" + percent_encode(path, "/");
        return is_live() ? target + "?environment=" + percent_encode(environment()) : target;
    }

private:
    Reference reference_;
    Query query_;
};

Error broken_manifest(const std::string& why) {
    return {
        .code = Code::integrity, .message = "the manifest cannot be trusted: " + why, .hint = "nothing was replaced"};
}

// The files a manifest names, after its own digest was checked against the one that the server announced.
Result<Manifest> read_manifest(const ClientResponse& response) {
    const auto etag = response.headers.get("ETag");
    if (!etag || etag->size() < 2) return broken_manifest("the server named no digest");
    const auto announced = Digest::parse(etag->substr(1, etag->size() - 2));
    if (!announced || sha256(response.body) != *announced) {
        return broken_manifest("its bytes have the digest " + sha256(response.body).text() + ", not " +
                               std::string(*etag));
    }
    const auto document = parse_json(response.body, "it");
    if (!document.ok()) return broken_manifest(document.error().message);
    std::vector<ManifestFile> files;
    for (const Json& entry : member(*document, "files")) {
        const Json& size = member(entry, "size");
        const auto digest = Digest::parse(text(entry, "digest"));
        if (!digest || !size.is_number_unsigned()) return broken_manifest("a file has no digest or no size");
        files.push_back({text(entry, "path"), size.get<std::uint64_t>(), *digest});
    }
    auto manifest = Manifest::create(std::move(files));
    if (!manifest.ok()) return broken_manifest(manifest.error().message);
    if (manifest->digest() != *announced) return broken_manifest("it is not in canonical form");
    return manifest;
}

struct Fetched {
    Manifest manifest;
    std::string version;  // its number; empty when the server did not say
};

// nullopt: the folder shows that version already.
Result<std::optional<Fetched>> fetch_manifest(Api& api, const Source& source, const std::optional<Digest>& shown) {
    server::Headers headers;
    if (shown) headers.add("If-None-Match", "\"" + shown->text() + "\"");
    BATON_ASSIGN(const ClientResponse response, api.exchange(server::Method::get, source.manifest(), headers));
    if (response.status == 304 && shown) return std::optional<Fetched>();
    BATON_ASSIGN(Manifest manifest, read_manifest(response));
    return std::optional(
        Fetched{std::move(manifest), std::string(response.headers.get("Baton-Model-Version").value_or(""))});
}

// One file; a transfer that breaks off goes on from where it was, a few times.
Status download(Context& context, Api& api, const std::string& target, const Mirror::Write& write) {
    std::uint64_t offset = 0;
    bool stopped = false;
    for (int attempt = 1;; ++attempt) {
        const auto response = api.client().download(target, {}, offset, [&](std::span<const char> bytes) {
            offset += bytes.size();
            stopped = !write(bytes);
            return !stopped;
        });
        if (response.ok() && response->status < 300) return {};
        const Error error = response.ok() ? problem(*response) : response.error();
        if (stopped || attempt == attempts || !is_transient(error)) return error;
        context.io().pause(attempt * first_pause);
    }
}

Status install(Context& context, Api& api, const Source& source, const Manifest& manifest, Mirror& mirror) {
    Progress progress(context.io(), "pulling", manifest.total_size());
    const Digest version = manifest.digest();
    return mirror.show(manifest, [&](const ManifestFile& file, const Mirror::Write& write) {
        return download(context, api, source.file(version, file.path), [&](std::span<const char> bytes) {
            progress.add(bytes.size());
            return write(bytes);
        });
    });
}

// Brings the folder to this version; when what is live changes during the download, its files no longer fit the
// manifest: then it is tried again with the new one. Answers what the folder shows.
Result<Fetched> bring(Context& context, Api& api, const Source& source, Mirror& mirror, Fetched wanted) {
    while (true) {
        const Status installed = install(context, api, source, wanted.manifest, mirror);
        if (installed.ok()) return wanted;
        if (!source.is_live()) return installed.error();
        BATON_ASSIGN(std::optional<Fetched> now, fetch_manifest(api, source, wanted.manifest.digest()));
        if (!now) return installed.error();
        wanted = *std::move(now);
    }
}

// Where a watch is.
struct Watch {
    std::int64_t revision = -1;  // of the live set that was looked at last; -1: unknown, ask anew
    bool in_step = false;        // the folder shows what was live then
};

// Waits until the live set moves on from `revision`, for a bounded time. -1: unknown.
Result<std::int64_t> next_revision(Api& api, const Source& source, std::int64_t revision) {
    Query query = {{"environment", source.environment()}};
    if (revision >= 0) {
        query.emplace_back("since", std::to_string(revision));
        query.emplace_back("wait", wait_seconds);
    }
    BATON_ASSIGN(const ClientResponse response, api.exchange(server::Method::get, api_path({"live"}, query), {}));
    if (response.status == 304) return revision;
    BATON_ASSIGN(const Json live, parse_json(response.body, "the server's answer"));
    const Json& now = member(live, "revision");
    return now.is_number_integer() ? now.get<std::int64_t>() : -1;
}

Status watch_turn(Context& context, Api& api, const Source& source, Mirror& mirror, Watch& watch) {
    BATON_ASSIGN(const std::int64_t now, next_revision(api, source, watch.revision));
    if (now == watch.revision && watch.in_step) return {};
    watch = {.revision = now, .in_step = false};
    BATON_ASSIGN(std::optional<Fetched> wanted, fetch_manifest(api, source, mirror.shown()));
    if (wanted) {
        BATON_ASSIGN(wanted, bring(context, api, source, mirror, *std::move(wanted)));
    }
    watch.in_step = now >= 0;
    if (!wanted) return {};
    const std::string number = wanted->version.empty() ? "" : source.model() + "/" + wanted->version + ", ";
    return context.print(source.text() + " is now " + number + wanted->manifest.digest().text() + "\n");
}

// What another version that goes live puts right, or whoever mends the server's copy or makes room here.
bool is_damage(const Error& error) { return error.code == Code::integrity || error.code == Code::out_of_space; }

// Ends only with an error that waiting does not cure, or with the process.
Status watch(Context& context, Api& api, const Source& source, Mirror& mirror) {
    Watch watch;
    std::string last_note;
    while (true) {
        const Status turn = watch_turn(context, api, source, mirror, watch);
        if (turn.ok()) {
            last_note.clear();
            continue;
        }
        const Error& error = turn.error();
        const bool passes = is_transient(error) || error.code == Code::not_found;
        if (!passes && !is_damage(error)) return error;
        if (error.message != last_note) context.note("waiting: " + error.message);
        last_note = error.message;
        // After damage the next change is waited for, so that a large file is not fetched again every other second.
        if (passes) watch.revision = -1;
        context.io().pause(retry_pause);
    }
}

Json version_of(const Fetched& pulled) {
    const auto number = parse_number(pulled.version);
    return number ? Json(*number) : Json();
}

Status answer(Context& context, const Arguments& arguments, const Source& source, const Fetched& pulled) {
    const Manifest& manifest = pulled.manifest;
    Json files = Json::array();
    for (const ManifestFile& file : manifest.files()) files.push_back(file.path);
    const std::string digest = manifest.digest().text();
    return context.answer({{"reference", source.text()},
                           {"version", version_of(pulled)},
                           {"digest", digest},
                           {"directory", arguments.directory},
                           {"size", manifest.total_size()},
                           {"files", std::move(files)}},
                          [&](std::ostream& out) {
                              out << source.text() << " (" << digest << ") is in " << arguments.directory << ": "
                                  << file_count(manifest.files().size()) << ", " << human_size(manifest.total_size())
                                  << "\n";
                          });
}

Status pull(Context& context, const Arguments& arguments) {
    BATON_ASSIGN(Reference reference, Reference::parse(arguments.reference));
    if (!reference.names_version()) reference.selector = "live";
    const Source source(std::move(reference));
    if (arguments.watch && !source.is_live()) {
        return invalid_argument("--watch follows what is live, and '" + source.text() + "' is one version",
                                "write " + source.model() + "/live");
    }
    if (arguments.watch && context.options().json) {
        return invalid_argument("--watch prints a line at each change, so it cannot print one JSON document");
    }
    BATON_ASSIGN(Api & api, context.api());
    if (arguments.watch) {
        BATON_ASSIGN(Mirror mirror, Mirror::open(arguments.directory));
        return watch(context, api, source, mirror);
    }
    BATON_ASSIGN(std::optional<Fetched> wanted, fetch_manifest(api, source, std::nullopt));
    BATON_ASSIGN(Mirror mirror, Mirror::open(arguments.directory));  // not before: what is not there leaves no trace
    BATON_ASSIGN(const Fetched pulled, bring(context, api, source, mirror, *std::move(wanted)));
    return answer(context, arguments, source, pulled);
}

}  // namespace

void add_pull(CLI::App& root, Action& chosen) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = add_verb(root, "pull", "Download the files of a version, verified",
                              {"baton pull credit-risk/3 ./model", "baton pull credit-risk/live ./model --watch",
                               "baton pull credit-risk/live@staging /srv/models/credit-risk"});
    verb->footer(layout + verb->get_footer());
    verb->add_option("REF", arguments->reference, "A version; a bare name means what is live in production")
        ->required();
    verb->add_option("DIR", arguments->directory, "Where the files shall be")->required();
    verb->add_flag("--watch", arguments->watch, "Go on, and follow what is live; prints a line at each change");
    when_chosen(verb, chosen, [arguments](Context& context) { return pull(context, *arguments); });
}

}  // namespace baton::cli
