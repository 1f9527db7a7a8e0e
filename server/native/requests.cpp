// Promotion requests: opening, reading, discussing, deciding.
#include "registry/workflow.h"
#include "server/native/json_body.h"
#include "server/native/json_out.h"
#include "server/native/routes.h"

namespace baton::server::native {
namespace {

using registry::Answer;
using registry::PromotionRequest;
using registry::Transaction;

Result<Answer> request_answer(int status, Result<PromotionRequest> request) {
    if (!request.ok()) return std::move(request).error();
    return json_answer(status, to_json(*request));
}

Result<registry::NewRequest> read_new_request(const Request& request) {
    BATON_ASSIGN(registry::ModelName model, model_parameter(request));
    BATON_ASSIGN(registry::VersionRef ref, ref_parameter(request));
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    const std::string environment = body.text("environment").value_or(registry::production().text());
    const std::string notes = body.text("notes").value_or("");
    BATON_TRY(body.finish());
    BATON_ASSIGN(registry::Environment target, registry::Environment::parse(environment));
    return registry::NewRequest{std::move(model), std::move(ref), std::move(target), notes};
}

Response open(const Api& api, const Request& request) {
    return api.change(request, read_new_request, [](Transaction& transaction, const registry::NewRequest& wanted) {
        return request_answer(201, open_request(transaction, wanted));
    });
}

Response list(const Api& api, const Request& request) {
    return api.read(
        request, [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
            BATON_ASSIGN(const registry::PageRequest page, page_request(request));
            BATON_ASSIGN(const registry::Page<PromotionRequest> requests, list_requests(snapshot, caller, page));
            return Response::json(200, page_json(requests));
        });
}

Response get(const Api& api, const Request& request) {
    return api.read(request,
                    [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
                        BATON_ASSIGN(const std::int64_t id, id_parameter(request));
                        BATON_ASSIGN(const PromotionRequest found, get_request(snapshot, caller, id));
                        return Response::json(200, to_json(found));
                    });
}

// What somebody says of a request: a comment, or the reason of a rejection.
struct Words {
    registry::RequestId request = 0;
    std::string text;
};

Result<Words> read_words(const Request& request, const std::string& field) {
    BATON_ASSIGN(const registry::RequestId id, id_parameter(request));
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    std::string text = body.required_text(field);
    BATON_TRY(body.finish());
    return Words{id, std::move(text)};
}

Result<Words> read_comment(const Request& request) { return read_words(request, "text"); }
Result<Words> read_rejection(const Request& request) { return read_words(request, "reason"); }

Response add_comment(const Api& api, const Request& request) {
    return api.change(request, read_comment, [](Transaction& transaction, const Words& words) {
        return request_answer(201, comment(transaction, words.request, words.text));
    });
}

struct GivenApproval {
    registry::RequestId request = 0;
    Digest digest;
    std::optional<Digest> subject;
    std::string comment;
};

Result<GivenApproval> read_approval(const Request& request) {
    BATON_ASSIGN(const registry::RequestId id, id_parameter(request));
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    const std::optional<Digest> digest = body.digest("digest");
    if (!digest) body.wrong("digest", "must be the digest of the version that is approved");
    const std::optional<Digest> subject = body.digest("subject_digest");
    const std::string text = body.text("comment").value_or("");
    BATON_TRY(body.finish());
    return GivenApproval{id, *digest, subject, text};
}

Response add_approval(const Api& api, const Request& request) {
    return api.change(request, read_approval, [](Transaction& transaction, const GivenApproval& given) {
        return request_answer(201, approve(transaction, given.request, given.digest, given.comment, given.subject));
    });
}

Response add_rejection(const Api& api, const Request& request) {
    return api.change(request, read_rejection, [](Transaction& transaction, const Words& words) {
        return request_answer(200, reject(transaction, words.request, words.text));
    });
}

Result<registry::RequestId> read_withdrawal(const Request& request) {
    BATON_ASSIGN(const registry::RequestId id, id_parameter(request));
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    BATON_TRY(body.finish());
    return id;
}

Response add_withdrawal(const Api& api, const Request& request) {
    return api.change(request, read_withdrawal, [](Transaction& transaction, const registry::RequestId& id) {
        return request_answer(200, withdraw(transaction, id));
    });
}

}  // namespace

void add_request_routes(Router& router, const Api& api) {
    pooled(router, api, Method::post, "/api/v1/models/{model}/versions/{ref}/requests", open);
    pooled(router, api, Method::get, "/api/v1/requests", list);
    pooled(router, api, Method::get, "/api/v1/requests/{id}", get);
    pooled(router, api, Method::post, "/api/v1/requests/{id}/comments", add_comment);
    pooled(router, api, Method::post, "/api/v1/requests/{id}/approvals", add_approval);
    pooled(router, api, Method::post, "/api/v1/requests/{id}/rejection", add_rejection);
    pooled(router, api, Method::post, "/api/v1/requests/{id}/withdrawal", add_withdrawal);
}

}  // namespace baton::server::native
