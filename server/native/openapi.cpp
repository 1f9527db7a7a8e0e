#include "server/native/openapi.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <nlohmann/json.hpp>

#include "server/native/schemas/embedded.h"

namespace baton::server::native {
namespace {

using nlohmann::json;

struct Operation {
    std::string_view method;
    std::string_view path;  // below /api/v1
    std::string_view summary;
    std::string_view query;   // parameters
    std::string_view fields;  // of the request body, those with '!' required; empty: no JSON body
    // The statuses of success, and what the body is: a schema of schemas/, "Model[]" for a page of them, "bytes".
    std::string_view answers;
};

constexpr std::string_view page = "page_size page_token order_by filter";

constexpr std::array operations = {
    Operation{"POST", "/models", "Create a model", "", "name! description tags", "201 Model"},
    Operation{"GET", "/models", "List models", page, "", "200 Model[]"},
    Operation{"GET", "/models/{model}", "Read a model", "", "", "200 Model"},
    Operation{"PATCH", "/models/{model}", "Change description, tags or owner", "", "description tags owner",
              "200 Model"},
    Operation{"DELETE", "/models/{model}", "Delete a model that was never live", "", "", "200 Empty"},
    Operation{"PUT", "/models/{model}/aliases/{alias}", "Point an alias at a version", "", "version!", "200 Model"},
    Operation{"DELETE", "/models/{model}/aliases/{alias}", "Remove an alias", "", "", "200 Model"},
    Operation{"POST", "/blobs/missing", "Ask which bytes still have to be sent", "", "digests!", "200 MissingBlobs"},
    Operation{"HEAD", "/blobs/{digest}", "Ask whether bytes are stored, or where to resume", "", "", "200 404"},
    Operation{"PUT", "/blobs/{digest}", "Send bytes", "", "", "200 201 202 Upload"},
    Operation{"POST", "/models/{model}/versions", "Register a version", "",
              "files! description tags metadata report expected_digest engine", "201 Version"},
    Operation{"GET", "/models/{model}/versions", "List the versions of a model", page, "", "200 Version[]"},
    Operation{"GET", "/models/{model}/versions/{ref}", "Read a version", "", "", "200 Version"},
    Operation{"PATCH", "/models/{model}/versions/{ref}", "Change description or tags", "", "description tags",
              "200 Version"},
    Operation{"GET", "/models/{model}/versions/{ref}/history", "Read the stage changes of a version", "", "",
              "200 HistoryEntry[]"},
    Operation{"GET", "/versions", "Search versions across models", page, "", "200 Version[]"},
    Operation{"GET", "/models/{model}/versions/{ref}/manifest", "Read the canonical manifest", "", "",
              "200 304 Manifest"},
    Operation{"GET", "/models/{model}/versions/{ref}/files/{path}", "Read a file", "", "", "200 206 304 416 bytes"},
    Operation{"GET", "/models/{model}/live", "Read the manifest of the live version", "environment", "",
              "200 304 Manifest"},
    Operation{"GET", "/models/{model}/live/files/{path}", "Read a file of the live version", "environment", "",
              "200 206 304 416 bytes"},
    Operation{"POST", "/models/{model}/versions/{ref}/reports", "Add a validation report", "",
              "metrics! dataset task ci slices per_class_metrics baselines note", "201 Report"},
    Operation{"GET", "/models/{model}/versions/{ref}/reports", "List validation reports", page, "", "200 Report[]"},
    Operation{"GET", "/models/{model}/versions/{ref}/reports/{id}", "Read a validation report", "", "", "200 Report"},
    Operation{"GET", "/models/{model}/diff", "Compare two versions", "from to", "", "200 Diff"},
    Operation{"POST", "/models/{model}/versions/{ref}/requests", "Open a promotion request", "", "environment notes",
              "201 Request"},
    Operation{"GET", "/requests", "List promotion requests", page, "", "200 Request[]"},
    Operation{"GET", "/requests/{id}", "Read a promotion request with its evaluation", "", "", "200 Request"},
    Operation{"POST", "/requests/{id}/comments", "Comment on a request", "", "text!", "201 Request"},
    Operation{"POST", "/requests/{id}/approvals", "Approve a request", "", "digest! subject_digest comment",
              "201 Request"},
    Operation{"POST", "/requests/{id}/rejection", "Reject a request", "", "reason!", "200 Request"},
    Operation{"POST", "/requests/{id}/withdrawal", "Withdraw a request", "", "", "200 Request"},
    Operation{"POST", "/requests/{id}/promotion", "Make the requested version live", "wait", "expected_revision",
              "200 Slot"},
    Operation{"POST", "/models/{model}/rollback", "Go back to an earlier live version", "wait",
              "reason! environment to", "200 Slot"},
    Operation{"POST", "/models/{model}/versions/{ref}/retirement", "Retire a version", "", "reason!", "200 Version"},
    Operation{"GET", "/models/{model}/traffic", "Read the traffic rules with what the shadow has counted",
              "environment", "", "200 Traffic"},
    Operation{"PUT", "/models/{model}/traffic", "Make or change a canary or a shadow", "environment wait",
              "canary shadow", "200 Traffic"},
    Operation{"DELETE", "/models/{model}/traffic", "End the canary, the shadow or both", "environment kind wait", "",
              "200 Traffic"},
    Operation{"POST", "/models/{model}/traffic/end", "Promote the canary or break it off", "environment wait",
              "outcome! reason", "200 Traffic"},
    Operation{"GET", "/live", "Read or wait for the live set", "environment since wait", "", "200 LiveSet"},
    Operation{"GET", "/models/{model}/slots", "Read what is and was live", "", "", "200 SlotHistory"},
    Operation{"GET", "/models/{model}/payloads", "Read the latest inference requests that were kept", "limit", "",
              "200 Payloads"},
    Operation{"POST", "/users", "Create a user", "", "name! roles", "201 User"},
    Operation{"GET", "/users", "List users", page, "", "200 User[]"},
    Operation{"PATCH", "/users/{user}", "Change the roles of a user, disable or enable one", "", "roles disabled",
              "200 User"},
    Operation{"POST", "/tokens", "Create a token", "", "user name roles models environments expires_in", "201 Token"},
    Operation{"GET", "/tokens", "List tokens", page, "", "200 Token[]"},
    Operation{"GET", "/tokens/{id}", "Read a token", "", "", "200 Token"},
    Operation{"DELETE", "/tokens/{id}", "Revoke a token", "", "", "200 Empty"},
    Operation{"GET", "/whoami", "Read who the token belongs to", "", "", "200 Caller"},
    Operation{"GET", "/audit", "Read the audit log", "filter after page_size page_token", "", "200 AuditEntry[]"},
    Operation{"GET", "/version", "Read the version of Baton", "", "", "200 ServerVersion"},
    Operation{"GET", "/openapi.json", "Read this document", "", "", "200 OpenApi"},
};

bool is_open(const Operation& operation) { return operation.path == "/version" || operation.path == "/openapi.json"; }

bool is_change(const Operation& operation) { return operation.method != "GET" && operation.method != "HEAD"; }

std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> found;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        found.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return found;
}

constexpr const char* page_suffix = "Page";

std::string_view description_of(std::string_view status) {
    if (status == "201") return "Made";
    if (status == "202") return "Kept; more is to come";
    if (status == "206") return "The part that was asked for";
    if (status == "304") return "Not modified";
    if (status == "404") return "Not stored: Upload-Offset says how much of it is there";
    if (status == "416") return "There is no such part";
    return "Done";
}

json reference(const std::string& kind, std::string_view name) {
    return {{"$ref", "#/components/" + kind + "/" + std::string(name)}};
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
    for (const std::string_view name : words(operation.query)) {
        parameters.push_back({{"name", name}, {"in", "query"}, {"schema", {{"type", "string"}}}});
    }
    const bool makes_secret = operation.method == "POST" && operation.path == "/tokens";  // its answer is not kept
    const bool is_repeatable = operation.path == "/blobs/{digest}";                       // as it is
    if (is_change(operation) && !makes_secret && !is_repeatable) {
        parameters.push_back({{"name", "Idempotency-Key"}, {"in", "header"}, {"schema", {{"type", "string"}}}});
    }
    return parameters;
}

json body_of(const Operation& operation) {
    if (operation.path == "/blobs/{digest}") {
        return {{"content", {{"application/octet-stream", json::object()}}}, {"required", true}};
    }
    json schema = {{"type", "object"}, {"properties", json::object()}, {"additionalProperties", false}};
    for (std::string_view field : words(operation.fields)) {
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

// What an answer of success holds. A page is described beside its items, as ModelPage beside Model.
json content_of(std::string_view body) {
    if (body == "bytes") return {{"application/octet-stream", json::object()}};
    std::string schema(body);
    if (body.ends_with("[]")) schema.replace(schema.size() - 2, 2, page_suffix);
    return {{"application/json", {{"schema", reference("schemas", schema)}}}};
}

// Those that clients may want to tell apart; the default stands for all others.
std::vector<const char*> refusals_of(const Operation& operation) {
    std::vector<const char*> statuses;
    if (!is_open(operation)) statuses.insert(statuses.end(), {"401", "403"});
    if (!operation.query.empty() || is_change(operation)) statuses.push_back("400");
    if (operation.path.find('{') != std::string_view::npos) statuses.push_back("404");
    if (is_change(operation)) statuses.insert(statuses.end(), {"409", "412"});
    return statuses;
}

json responses_of(const Operation& operation) {
    json responses = {{"default", reference("responses", "Problem")}};
    std::vector<std::string_view> statuses = words(operation.answers);
    std::string_view body;
    if (std::isdigit(static_cast<unsigned char>(statuses.back()[0])) == 0) {
        body = statuses.back();
        statuses.pop_back();
    }
    for (const std::string_view status : statuses) {
        json response = {{"description", description_of(status)}};
        if (!body.empty() && status.starts_with('2')) response["content"] = content_of(body);
        responses[std::string(status)] = std::move(response);
    }
    for (const char* status : refusals_of(operation)) responses.emplace(status, reference("responses", "Problem"));
    return responses;
}

json describe(const Operation& operation) {
    json item = {{"summary", operation.summary},
                 {"operationId", operation_id(operation)},
                 {"parameters", parameters_of(operation)},
                 {"responses", responses_of(operation)}};
    if (is_open(operation)) item["security"] = json::array();
    if (operation.path.find("/live") != std::string_view::npos) {  // open to all with --anonymous-live
        item["security"] = {{{"token", json::array()}}, json::object()};
    }
    if (!operation.fields.empty() || operation.path == "/blobs/{digest}") {
        if (operation.method != "HEAD") item["requestBody"] = body_of(operation);
    }
    return item;
}

json schemas() {
    json all = json::object();
    for (const schemas::File& file : schemas::all()) all.update(json::parse(file.text));
    for (const Operation& operation : operations) {
        std::string item(words(operation.answers).back());
        if (!item.ends_with("[]")) continue;
        item.resize(item.size() - 2);
        all[item + page_suffix] = {
            {"type", "object"},
            {"required", {"items"}},
            {"properties",
             {{"items", {{"type", "array"}, {"items", reference("schemas", item)}}},
              {"next_page_token", {{"type", "string"}, {"description", "Absent on the last page"}}}}}};
    }
    return all;
}

json components() {
    const json problem = {{"application/problem+json", {{"schema", reference("schemas", "Problem")}}}};
    return {
        {"schemas", schemas()},
        {"responses", {{"Problem", {{"description", "What went wrong, and what to do next"}, {"content", problem}}}}},
        {"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}}};
}

const Operation* find_operation(std::string_view method, std::string_view path) {
    for (const Operation& operation : operations) {
        if (operation.method == method && operation.path == path) return &operation;
    }
    return nullptr;
}

constexpr std::string_view base = "/api/v1";

// As the document has it: below the base path, and a name is a name whether it takes one segment or the rest.
std::string described_path(std::string_view pattern) {
    std::string path(pattern.substr(base.size()));
    if (const std::size_t dots = path.find("...}"); dots != std::string::npos) path.erase(dots, 3);
    return path;
}

}  // namespace

std::optional<std::vector<std::string_view>> query_parameters(std::string_view method, std::string_view pattern) {
    if (!pattern.starts_with(base)) return std::nullopt;
    const Operation* operation = find_operation(method, described_path(pattern));
    return operation != nullptr ? std::optional(words(operation->query)) : std::nullopt;
}

std::string openapi_document(const std::vector<const Route*>& routes, std::string_view version) {
    json paths = json::object();
    for (const Route* route : routes) {
        if (!route->pattern.starts_with(base)) continue;
        const std::string path = described_path(route->pattern);
        const Operation* operation = find_operation(method_name(route->method), path);
        std::string method(method_name(route->method));
        std::transform(method.begin(), method.end(), method.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        const Operation undescribed{method_name(route->method), path, "", "", "", "200"};
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
