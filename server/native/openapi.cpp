#include "server/native/openapi.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <nlohmann/json.hpp>

namespace baton::server::native {
namespace {

using nlohmann::json;

struct Operation {
    std::string_view method;
    std::string_view path;  // below /api/v1
    std::string_view summary;
    std::string_view fields;  // of the request body, those with '!' required; empty: no JSON body
};

constexpr std::array operations = {
    Operation{"POST", "/models", "Create a model", "name! description tags"},
    Operation{"GET", "/models", "List models", ""},
    Operation{"GET", "/models/{model}", "Read a model", ""},
    Operation{"PATCH", "/models/{model}", "Change description, tags or owner", "description tags owner"},
    Operation{"DELETE", "/models/{model}", "Delete a model that was never live", ""},
    Operation{"PUT", "/models/{model}/aliases/{alias}", "Point an alias at a version", "version!"},
    Operation{"DELETE", "/models/{model}/aliases/{alias}", "Remove an alias", ""},
    Operation{"POST", "/blobs/missing", "Ask which bytes still have to be sent", "digests!"},
    Operation{"HEAD", "/blobs/{digest}", "Ask whether bytes are stored, or where to resume", ""},
    Operation{"PUT", "/blobs/{digest}", "Send bytes", ""},
    Operation{"POST", "/models/{model}/versions", "Register a version",
              "files! description tags metadata report expected_digest engine"},
    Operation{"GET", "/models/{model}/versions", "List the versions of a model", ""},
    Operation{"GET", "/models/{model}/versions/{ref}", "Read a version", ""},
    Operation{"PATCH", "/models/{model}/versions/{ref}", "Change description or tags", "description tags"},
    Operation{"GET", "/models/{model}/versions/{ref}/history", "Read the stage changes of a version", ""},
    Operation{"GET", "/versions", "Search versions across models", ""},
    Operation{"GET", "/models/{model}/versions/{ref}/manifest", "Read the canonical manifest", ""},
    Operation{"GET", "/models/{model}/versions/{ref}/files/{path}", "Read a file", ""},
    Operation{"GET", "/models/{model}/live", "Read the manifest of the live version", ""},
    Operation{"GET", "/models/{model}/live/files/{path}", "Read a file of the live version", ""},
    Operation{"POST", "/models/{model}/versions/{ref}/reports", "Add a validation report",
              "metrics! dataset task ci slices per_class_metrics baselines note"},
    Operation{"GET", "/models/{model}/versions/{ref}/reports", "List validation reports", ""},
    Operation{"GET", "/models/{model}/versions/{ref}/reports/{id}", "Read a validation report", ""},
    Operation{"GET", "/models/{model}/diff", "Compare two versions", ""},
    Operation{"POST", "/models/{model}/versions/{ref}/requests", "Open a promotion request", "environment notes"},
    Operation{"GET", "/requests", "List promotion requests", ""},
    Operation{"GET", "/requests/{id}", "Read a promotion request with its evaluation", ""},
    Operation{"POST", "/requests/{id}/comments", "Comment on a request", "text!"},
    Operation{"POST", "/requests/{id}/approvals", "Approve a request", "digest! subject_digest comment"},
    Operation{"POST", "/requests/{id}/rejection", "Reject a request", "reason!"},
    Operation{"POST", "/requests/{id}/withdrawal", "Withdraw a request", ""},
    Operation{"POST", "/requests/{id}/promotion", "Make the requested version live", "expected_revision"},
    Operation{"POST", "/models/{model}/rollback", "Go back to an earlier live version", "reason! environment to"},
    Operation{"POST", "/models/{model}/versions/{ref}/retirement", "Retire a version", "reason!"},
    Operation{"GET", "/models/{model}/traffic", "Read the traffic rules with what the shadow has counted", ""},
    Operation{"PUT", "/models/{model}/traffic", "Make or change a canary or a shadow", "canary shadow"},
    Operation{"DELETE", "/models/{model}/traffic", "End the canary, the shadow or both", ""},
    Operation{"POST", "/models/{model}/traffic/end", "Promote the canary or break it off", "outcome! reason"},
    Operation{"GET", "/live", "Read or wait for the live set", ""},
    Operation{"GET", "/models/{model}/slots", "Read what is and was live", ""},
    Operation{"GET", "/models/{model}/payloads", "Read the latest inference requests that were kept", ""},
    Operation{"POST", "/users", "Create a user", "name! roles"},
    Operation{"GET", "/users", "List users", ""},
    Operation{"PATCH", "/users/{user}", "Change the roles of a user, disable or enable one", "roles disabled"},
    Operation{"POST", "/tokens", "Create a token", "user name roles models environments expires_in"},
    Operation{"GET", "/tokens", "List tokens", ""},
    Operation{"GET", "/tokens/{id}", "Read a token", ""},
    Operation{"DELETE", "/tokens/{id}", "Revoke a token", ""},
    Operation{"GET", "/whoami", "Read who the token belongs to", ""},
    Operation{"GET", "/audit", "Read the audit log", ""},
    Operation{"GET", "/version", "Read the version of Baton", ""},
    Operation{"GET", "/openapi.json", "Read this document", ""},
};

std::vector<std::string_view> traffic_parameters(std::string_view method) {
    if (method == "GET") return {"environment"};
    if (method == "DELETE") return {"environment", "kind", "wait"};
    return {"environment", "wait"};
}

std::vector<std::string_view> query_parameters(std::string_view method, std::string_view path) {
    if (path.find("/traffic") != std::string_view::npos) return traffic_parameters(method);
    if (method == "POST" && !path.ends_with("/promotion") && !path.ends_with("/rollback")) return {};
    if (method != "GET" && method != "POST") return {};
    if (path == "/live") return {"environment", "since", "wait"};
    if (path == "/audit") return {"filter", "after", "page_size", "page_token"};
    if (path.ends_with("/diff")) return {"from", "to"};
    if (path.ends_with("/promotion") || path.ends_with("/rollback")) return {"wait"};
    if (path.find("/live") != std::string_view::npos) return {"environment"};
    constexpr std::array lists = {"/models", "/versions", "/requests", "/users", "/tokens", "/reports"};
    const bool is_list =
        std::any_of(lists.begin(), lists.end(), [&](std::string_view list) { return path.ends_with(list); });
    if (is_list) return {"page_size", "page_token", "order_by", "filter"};
    return {};
}

json parameters_of(const Operation& operation) {
    json parameters = json::array();
    for (std::size_t at = operation.path.find('{'); at != std::string_view::npos;
         at = operation.path.find('{', at + 1)) {
        const std::size_t end = operation.path.find('}', at);
        parameters.push_back({{"name", operation.path.substr(at + 1, end - at - 1)},
                              {"in", "path"},
                              {"required", true},
                              {"schema", {{"type", "string"}}}});
    }
    for (const std::string_view name : query_parameters(operation.method, operation.path)) {
        parameters.push_back({{"name", name}, {"in", "query"}, {"schema", {{"type", "string"}}}});
    }
    const bool makes_secret = operation.method == "POST" && operation.path == "/tokens";  // its answer is not kept
    if (operation.method != "GET" && operation.method != "HEAD" && !makes_secret) {
        parameters.push_back({{"name", "Idempotency-Key"}, {"in", "header"}, {"schema", {{"type", "string"}}}});
    }
    return parameters;
}

json body_of(const Operation& operation) {
    if (operation.path == "/blobs/{digest}") {
        return {{"content", {{"application/octet-stream", json::object()}}}, {"required", true}};
    }
    json schema = {{"type", "object"}, {"properties", json::object()}, {"additionalProperties", false}};
    std::string_view rest = operation.fields;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        std::string_view field = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (field.ends_with('!')) {
            field.remove_suffix(1);
            schema["required"].push_back(field);
        }
        schema["properties"][std::string(field)] = json::object();
    }
    return {{"content", {{"application/json", {{"schema", schema}}}}}};
}

// `getModelsModel`: unique because method and path are.
std::string operation_id(const Operation& operation) {
    std::string id;
    for (const char c : operation.method) id.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    bool upper = true;
    for (const char c : operation.path) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) {
            upper = true;
            continue;
        }
        id.push_back(upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c);
        upper = false;
    }
    return id;
}

json responses_of(const Operation& operation) {
    json responses = {{"default", {{"$ref", "#/components/responses/Problem"}}}};
    responses[operation.method == "POST" || operation.method == "PUT" ? "2XX" : "200"] = {{"description", "Done"}};
    return responses;
}

json describe(const Operation& operation) {
    json item = {{"summary", operation.summary},
                 {"operationId", operation_id(operation)},
                 {"parameters", parameters_of(operation)},
                 {"responses", responses_of(operation)}};
    if (!operation.fields.empty() || operation.path == "/blobs/{digest}") {
        if (operation.method != "HEAD") item["requestBody"] = body_of(operation);
    }
    return item;
}

json components() {
    const json text = {{"type", "string"}};
    const json problem = {{"type", "object"},
                          {"required", {"type", "title", "status", "code", "detail", "request_id"}},
                          {"properties",
                           {{"type", text},
                            {"title", text},
                            {"status", {{"type", "integer"}}},
                            {"code", text},
                            {"detail", text},
                            {"hint", text},
                            {"request_id", text},
                            {"errors", {{"type", "array"}}},
                            {"missing", {{"type", "array"}}},
                            {"digests", {{"type", "array"}}}}}};
    return {
        {"schemas", {{"Problem", problem}}},
        {"responses",
         {{"Problem",
           {{"description", "What went wrong, and what to do next"},
            {"content", {{"application/problem+json", {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}}}}},
        {"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}}};
}

const Operation* find_operation(std::string_view method, std::string_view path) {
    for (const Operation& operation : operations) {
        if (operation.method == method && operation.path == path) return &operation;
    }
    return nullptr;
}

}  // namespace

std::string openapi_document(const std::vector<const Route*>& routes, std::string_view version) {
    constexpr std::string_view base = "/api/v1";
    json paths = json::object();
    for (const Route* route : routes) {
        std::string path = route->pattern;
        if (!path.starts_with(base)) continue;
        path.erase(0, base.size());
        if (const std::size_t dots = path.find("...}"); dots != std::string::npos) path.erase(dots, 3);
        const Operation* operation = find_operation(method_name(route->method), path);
        std::string method(method_name(route->method));
        std::transform(method.begin(), method.end(), method.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        const Operation undescribed{method_name(route->method), path, "", ""};
        paths[path][method] = describe(operation != nullptr ? *operation : undescribed);
    }
    const json document = {{"openapi", "3.1.0"},
                           {"info",
                            {{"title", "Baton"},
                             {"version", version},
                             {"description", "Registry, promotion workflow and serving of machine-learning models."}}},
                           {"servers", {{{"url", "/api/v1"}}}},
                           {"security", {{{"token", json::array()}}}},
                           {"paths", paths},
                           {"components", components()}};
    return document.dump();
}

}  // namespace baton::server::native
