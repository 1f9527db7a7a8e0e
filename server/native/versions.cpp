// Versions: registering, reading, listing, searching, editing.
#include "artifacts/manifest.h"
#include "registry/catalog.h"
#include "server/native/json_body.h"
#include "server/native/json_out.h"
#include "server/native/report_body.h"
#include "server/native/routes.h"
#include "server/registration/admission.h"

namespace baton::server::native {
namespace {

using registry::Answer;

constexpr std::uint64_t registration_limit = 8 << 20;  // 10,000 files with long paths

registry::Answer version_answer(int status, const registry::Version& version) {
    Answer answer = json_answer(status, to_json(version));
    answer.headers.emplace_back("ETag", etag(version.revision));
    if (status == 201) {
        answer.headers.emplace_back(
            "Location", "/api/v1/models/" + version.model.text() + "/versions/" + std::to_string(version.number));
    }
    return answer;
}

std::vector<artifacts::ManifestFile> read_files(JsonBody& body) {
    std::vector<artifacts::ManifestFile> files;
    for (JsonBody& item : body.objects("files")) {
        artifacts::ManifestFile file;
        file.path = item.required_text("path");
        const std::optional<std::int64_t> size = item.integer("size");
        if (!size || *size < 0) item.wrong("size", "must be the file's size in bytes");
        file.size = static_cast<std::uint64_t>(size.value_or(0));
        const std::optional<Digest> digest = item.digest("digest");
        if (!digest) item.wrong("digest", "must be the file's digest");
        file.digest = digest.value_or(Digest());
        files.push_back(std::move(file));
    }
    return files;
}

struct Registration {
    registry::NewVersion version;
    artifacts::Manifest manifest;
    inference::EngineChoice engine = inference::EngineChoice::automatic;
};

inference::EngineChoice read_engine(JsonBody& body) {
    const std::optional<std::string> name = body.text("engine");
    if (!name) return inference::EngineChoice::automatic;
    const auto choice = inference::parse_engine(*name);
    if (!choice) body.wrong("engine", "must be eigen or onnxruntime, or left out");
    return choice.value_or(inference::EngineChoice::automatic);
}

Result<Registration> read_registration(const Request& request) {
    BATON_ASSIGN(registry::ModelName model, model_parameter(request));
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    std::vector<artifacts::ManifestFile> files = read_files(body);
    registry::NewVersion version{.model = std::move(model),
                                 .digest = {},
                                 .files = {},
                                 .description = body.text("description").value_or(""),
                                 .tags = body.string_map("tags"),
                                 .metadata = body.string_map("metadata"),
                                 .signature = {},
                                 .model_path = {},
                                 .findings = {},
                                 .report = {}};
    if (auto report = body.object("report")) version.report = read_report(*report);
    const std::optional<Digest> expected = body.digest("expected_digest");
    const inference::EngineChoice engine = read_engine(body);
    BATON_TRY(body.finish());
    BATON_ASSIGN(artifacts::Manifest manifest, artifacts::Manifest::create(std::move(files)));
    version.digest = manifest.digest();
    if (expected && *expected != version.digest) {
        return Error{.code = Code::integrity,
                     .message = "The files' manifest has the digest " + version.digest.text() + ", not the expected " +
                                expected->text() + "."};
    }
    for (const artifacts::ManifestFile& file : manifest.files()) {
        version.files.push_back({file.path, file.size, file.digest});
    }
    return Registration{std::move(version), std::move(manifest), engine};
}

// Reading and looking at the files takes long, so it comes before the transaction.
Result<registry::NewVersion> read_and_admit(const Api& api, const Request& request, const registry::Caller& caller) {
    BATON_ASSIGN(Registration registration, read_registration(request));
    registry::NewVersion& version = registration.version;
    BATON_TRY(require_creator(caller, version.model));
    BATON_ASSIGN(Admission admission, admit(registration.manifest, api.blobs(), api.engines(), registration.engine));
    version.engine = std::move(admission.engine);
    version.model_path = std::move(admission.model_path);
    version.signature = std::move(admission.signature);
    version.findings = std::move(admission.findings);
    version.golden = std::move(admission.golden);
    version.metadata.merge(admission.facts);  // what the client says of itself wins
    return std::move(version);
}

Response create(const Api& api, const Request& request) {
    return api.change(request, [&](const registry::Caller& caller) -> Result<Api::ChangeWork> {
        BATON_ASSIGN(const registry::NewVersion version, read_and_admit(api, request, caller));
        return Api::ChangeWork([version](registry::Transaction& transaction) -> Result<Answer> {
            BATON_ASSIGN(const registry::Version created, register_version(transaction, version));
            return version_answer(201, created);
        });
    });
}

Response list(const Api& api, const Request& request) {
    return api.read(request,
                    [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
                        BATON_ASSIGN(const registry::ModelName model, model_parameter(request));
                        BATON_ASSIGN(const registry::PageRequest page, page_request(request));
                        BATON_ASSIGN(const registry::Page<registry::Version> versions,
                                     list_versions(snapshot, caller, model, page));
                        return Response::json(200, page_json(versions));
                    });
}

Response search(const Api& api, const Request& request) {
    return api.read(
        request, [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
            BATON_ASSIGN(const registry::PageRequest page, page_request(request));
            BATON_ASSIGN(const registry::Page<registry::Version> versions, search_versions(snapshot, caller, page));
            return Response::json(200, page_json(versions));
        });
}

Response get(const Api& api, const Request& request) {
    return api.read(request,
                    [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
                        BATON_ASSIGN(const registry::ModelName model, model_parameter(request));
                        BATON_ASSIGN(const registry::VersionRef ref, ref_parameter(request));
                        BATON_ASSIGN(const registry::Version version, get_version(snapshot, caller, model, ref));
                        Response response = Response::json(200, to_json(version));
                        response.headers.set("ETag", etag(version.revision));
                        return response;
                    });
}

struct Edit {
    registry::ModelName model;
    registry::VersionRef ref;
    registry::VersionEdit changes;
};

Result<Edit> read_edit(const Request& request) {
    BATON_ASSIGN(registry::ModelName model, model_parameter(request));
    BATON_ASSIGN(registry::VersionRef ref, ref_parameter(request));
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    registry::VersionEdit changes;
    changes.description = body.text("description");
    changes.tags = body.string_edits("tags");
    BATON_TRY(body.finish());
    BATON_ASSIGN(changes.expected_revision, if_match_revision(request));
    return Edit{std::move(model), std::move(ref), std::move(changes)};
}

Response edit(const Api& api, const Request& request) {
    return api.change(request, read_edit, [](registry::Transaction& transaction, const Edit& wanted) -> Result<Answer> {
        BATON_ASSIGN(const registry::Version version,
                     edit_version(transaction, wanted.model, wanted.ref, wanted.changes));
        return version_answer(200, version);
    });
}

Response history(const Api& api, const Request& request) {
    return api.read(
        request, [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
            BATON_ASSIGN(const registry::ModelName model, model_parameter(request));
            BATON_ASSIGN(const registry::VersionRef ref, ref_parameter(request));
            BATON_ASSIGN(std::vector<registry::HistoryEntry> entries, version_history(snapshot, caller, model, ref));
            return Response::json(200, page_json(registry::Page<registry::HistoryEntry>{std::move(entries), ""}));
        });
}

}  // namespace

void add_version_routes(Router& router, const Api& api) {
    add_route(router, {Method::post, "/api/v1/models/{model}/versions",
                       Pooled{[&api](const Request& request) { return create(api, request); }, &api.registrations()},
                       registration_limit});
    pooled(router, api, Method::get, "/api/v1/models/{model}/versions", list);
    pooled(router, api, Method::get, "/api/v1/models/{model}/versions/{ref}", get);
    pooled(router, api, Method::patch, "/api/v1/models/{model}/versions/{ref}", edit);
    pooled(router, api, Method::get, "/api/v1/models/{model}/versions/{ref}/history", history);
    pooled(router, api, Method::get, "/api/v1/versions", search);
}

}  // namespace baton::server::native
