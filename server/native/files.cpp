// Manifests and files of a version, named by reference or by being live.
#include "registry/catalog.h"
#include "server/native/file_response.h"
#include "server/native/routes.h"

namespace baton::server::native {
namespace {

Response manifest(const Api& api, const Request& request) {
    return api.read(request,
                    [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
                        BATON_ASSIGN(const registry::ModelName model, model_parameter(request));
                        BATON_ASSIGN(const registry::VersionRef ref, ref_parameter(request));
                        BATON_ASSIGN(const registry::Version version, get_version(snapshot, caller, model, ref));
                        return manifest_response(request, version);
                    });
}

Response file(const Api& api, const Request& request) {
    return api.read(request,
                    [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
                        BATON_ASSIGN(const registry::ModelName model, model_parameter(request));
                        BATON_ASSIGN(const registry::VersionRef ref, ref_parameter(request));
                        BATON_ASSIGN(const registry::Version version, get_version(snapshot, caller, model, ref));
                        return file_response(request, version, request.parameter("path"), api.blobs());
                    });
}

// Anonymous callers see what the system sees, but only through what is live.
Result<registry::Version> live_version(const Request& request, const registry::Snapshot& snapshot,
                                       const registry::Caller* caller) {
    BATON_ASSIGN(const registry::ModelName model, model_parameter(request));
    BATON_ASSIGN(registry::Environment environment, environment_parameter(request));
    const registry::Caller reader = caller != nullptr ? *caller : registry::system_caller();
    return get_version(snapshot, reader, model, registry::LiveIn{std::move(environment)});
}

Response live_manifest(const Api& api, const Request& request) {
    return api.read_live(request,
                         [&](const registry::Snapshot& snapshot, const registry::Caller* caller) -> Result<Response> {
                             BATON_ASSIGN(const registry::Version version, live_version(request, snapshot, caller));
                             return manifest_response(request, version);
                         });
}

Response live_file(const Api& api, const Request& request) {
    return api.read_live(request,
                         [&](const registry::Snapshot& snapshot, const registry::Caller* caller) -> Result<Response> {
                             BATON_ASSIGN(const registry::Version version, live_version(request, snapshot, caller));
                             return file_response(request, version, request.parameter("path"), api.blobs());
                         });
}

}  // namespace

void add_file_routes(Router& router, const Api& api) {
    pooled(router, api, Method::get, "/api/v1/models/{model}/versions/{ref}/manifest", manifest);
    pooled(router, api, Method::get, "/api/v1/models/{model}/versions/{ref}/files/{path...}", file);
    pooled(router, api, Method::get, "/api/v1/models/{model}/live", live_manifest);
    pooled(router, api, Method::get, "/api/v1/models/{model}/live/files/{path...}", live_file);
}

}  // namespace baton::server::native
