#include "server/native/api.h"

#include "base/text.h"
#include "registry/names.h"
#include "server/auth/credentials.h"
#include "server/native/problem.h"

namespace baton::server::native {
namespace {

// An answer is repeated to the same rights only: a token that is limited must not see what another one may.
void add_rights(Sha256& hash, const registry::Caller& caller) {
    for (const registry::Role role : caller.roles) hash.update("\nrole " + std::string(role_name(role)));
    for (const std::string& pattern : caller.models) hash.update("\nmodels " + pattern);
    for (const std::string& pattern : caller.environments) hash.update("\nenvironments " + pattern);
}

std::optional<registry::Idempotency> idempotency_of(const Request& request, const registry::Caller& caller) {
    const auto key = request.headers.get("Idempotency-Key");
    if (!key) return std::nullopt;
    Sha256 hash;
    hash.update(method_name(request.method));
    hash.update("\n");
    hash.update(request.target);
    add_rights(hash, caller);
    hash.update("\n");
    hash.update(request.body);
    return registry::Idempotency{std::string(*key), hash.finish()};
}

Error wrong_if_match() { return invalid_argument("If-Match must be one entity tag as the ETag header gave it."); }

Response response_of(registry::Answer answer) {
    Response response = Response::json(answer.status, std::move(answer.body));
    for (const auto& [name, value] : answer.headers) response.headers.set(name, value);
    if (answer.replayed) response.headers.set("Idempotency-Replayed", "true");
    return response;
}

Result<Response> to_response(Result<registry::Answer> answer) {
    if (!answer.ok()) return std::move(answer).error();
    return response_of(*std::move(answer));
}

}  // namespace

Result<registry::Call> Api::call_of(const Request& request, const std::string& request_id) const {
    BATON_ASSIGN(registry::Caller caller, authenticate(request, parts_.authenticator));
    BATON_TRY(require_plain_body(request));
    std::optional<registry::Idempotency> idempotency = idempotency_of(request, caller);
    return registry::Call{std::move(caller), request_id, std::move(idempotency)};
}

Response Api::finish(Result<Response> result, const std::string& request_id) const {
    if (!result.ok()) return problem(result.error(), request_id);
    result->headers.set("X-Request-Id", request_id);
    return *std::move(result);
}

Response Api::read(const Request& request, const ReadWork& work) const {
    return with_caller(request, [&](const registry::Caller& caller) {
        return parts_.store.read<Response>([&](const registry::Snapshot& snapshot) { return work(snapshot, caller); });
    });
}

Response Api::read_live(
    const Request& request,
    const std::function<Result<Response>(const registry::Snapshot&, const registry::Caller*)>& work) const {
    if (!options_.anonymous_live || request.headers.contains("Authorization")) {
        return read(request, [&](const registry::Snapshot& snapshot, const registry::Caller& caller) {
            return work(snapshot, &caller);
        });
    }
    return finish(
        parts_.store.read<Response>([&](const registry::Snapshot& snapshot) { return work(snapshot, nullptr); }),
        request_id_of(request));
}

Response Api::change(const Request& request, const Prepare& prepare) const {
    const std::string request_id = request_id_of(request);
    const auto run = [&]() -> Result<Response> {
        BATON_ASSIGN(const registry::Call call, call_of(request, request_id));
        BATON_ASSIGN(std::optional<registry::Answer> stored, parts_.store.stored_answer(call));
        if (stored) return response_of(*std::move(stored));
        BATON_ASSIGN(const ChangeWork work, prepare(call.caller));
        return to_response(parts_.store.answer(call, work));
    };
    return finish(run(), request_id);
}

Response Api::change_unstored(const Request& request, const Prepare& prepare) const {
    const std::string request_id = request_id_of(request);
    const auto run = [&]() -> Result<Response> {
        BATON_ASSIGN(const registry::Call call, call_of(request, request_id));
        BATON_ASSIGN(const ChangeWork work, prepare(call.caller));
        return to_response(parts_.store.write<registry::Answer>(call, work));
    };
    return finish(run(), request_id);
}

Response Api::with_caller(const Request& request,
                          const std::function<Result<Response>(const registry::Caller&)>& work) const {
    const auto run = [&]() -> Result<Response> {
        BATON_ASSIGN(const registry::Caller caller, authenticate(request, parts_.authenticator));
        BATON_TRY(require_plain_body(request));
        return work(caller);
    };
    return finish(run(), request_id_of(request));
}

void Api::refuse_busy(PendingRequest& pending) {
    pending.responder(problem({.code = Code::resource_exhausted, .message = "Too many requests are waiting."},
                              request_id_of(*pending.request)));
}

void Api::run_pooled(const std::shared_ptr<PendingRequest>& pending, std::function<void()> step) const {
    if (!parts_.pool.submit(std::move(step))) refuse_busy(*pending);
}

registry::Answer json_answer(int status, std::string body) { return {status, std::move(body), {}, false}; }

std::string etag(std::string_view tag) { return "\"" + std::string(tag) + "\""; }
std::string etag(std::int64_t revision) { return etag(std::to_string(revision)); }

Result<std::optional<std::string>> if_match(const Request& request) {
    const auto header = request.headers.get("If-Match");
    if (!header || *header == "*") return std::optional<std::string>();
    const bool quoted = header->size() >= 3 && header->front() == '"' && header->back() == '"';
    if (!quoted) return wrong_if_match();
    return std::optional(std::string(header->substr(1, header->size() - 2)));
}

Result<std::optional<std::int64_t>> if_match_revision(const Request& request) {
    BATON_ASSIGN(const std::optional<std::string> tag, if_match(request));
    if (!tag) return std::optional<std::int64_t>();
    const auto revision = parse_whole<std::int64_t>(*tag);
    if (!revision) return wrong_if_match();
    return revision;
}

Status require_plain_body(const Request& request) {
    const auto coding = request.headers.get("Content-Encoding");
    if (!coding || equal_ignoring_case(trimmed(*coding), "identity")) return {};
    return invalid_argument("The body is sent with a Content-Encoding, which is not taken here.",
                            "send the body as it is, without that header");
}

bool none_match_fails(const Request& request, std::string_view etag) {
    const auto header = request.headers.get("If-None-Match");
    if (!header) return false;
    return *header == "*" || header->find(etag) != std::string_view::npos;
}

Result<registry::PageRequest> page_request(const Request& request) {
    registry::PageRequest page;
    if (const auto size = request.query_parameter("page_size")) {
        page.size = parse_whole<decltype(page.size)>(*size).value_or(0);
        if (page.size < 1 || page.size > 1000) return invalid_argument("page_size must be a number from 1 to 1000.");
    }
    page.token = request.query_parameter("page_token").value_or("");
    page.order_by = request.query_parameter("order_by").value_or("");
    page.filter = request.query_parameter("filter").value_or("");
    return page;
}

Result<registry::ModelName> model_parameter(const Request& request) {
    return registry::ModelName::parse(request.parameter("model"));
}

Result<registry::VersionRef> ref_parameter(const Request& request) {
    return registry::parse_version_ref(request.parameter("ref"));
}

Result<std::int64_t> id_parameter(const Request& request) {
    const std::string_view text = request.parameter("id");
    const auto id = parse_whole<std::int64_t>(text);
    if (id && *id >= 1) return *id;
    return not_found("There is no object with the id \"" + std::string(text) + "\": ids are numbers.");
}

Result<registry::Environment> environment_parameter(const Request& request) {
    const auto given = request.query_parameter("environment");
    if (!given) return registry::production();
    return registry::Environment::parse(*given);
}

}  // namespace baton::server::native
