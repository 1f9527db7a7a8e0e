// Changes of what is live: promotion, rollback, retirement.
#include "registry/workflow.h"

#include "server/native/json_body.h"
#include "server/native/json_out.h"
#include "server/native/waiting.h"

namespace baton::server::native {
namespace {

using registry::Answer;
using registry::Transaction;

Result<Answer> slot_answer(const Api& api, Result<registry::Slot> slot) {
    if (!slot.ok()) return std::move(slot).error();
    Answer answer = json_answer(200, to_json(*slot, api.live_set().statuses()));
    answer.headers.emplace_back(live_revision_header, std::to_string(slot->revision));
    return answer;
}

struct Promotion {
    registry::RequestId request = 0;
    std::optional<std::int64_t> expected_revision;
};

Result<Promotion> read_promotion(const Request& request) {
    BATON_ASSIGN(const registry::RequestId id, id_parameter(request));
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    const std::optional<std::int64_t> expected = body.integer("expected_revision");
    BATON_TRY(body.finish());
    return Promotion{id, expected};
}

Response promote_now(const Api& api, const Request& request) {
    return api.change(
        request, read_promotion, [&](Transaction& transaction, const Promotion& wanted) -> Result<Answer> {
            BATON_ASSIGN(const registry::PromotionRequest reviewed,
                         get_request(transaction, transaction.caller(), wanted.request));
            BATON_ASSIGN(Answer answer,
                         slot_answer(api, promote(transaction, wanted.request, wanted.expected_revision)));
            answer.body = with_warnings(answer.body, reviewed.warnings);
            return answer;
        });
}

struct Rollback {
    registry::ModelName model;
    registry::Environment environment;
    std::optional<registry::VersionRef> to;
    std::string reason;
};

Result<Rollback> read_rollback(const Request& request) {
    BATON_ASSIGN(registry::ModelName model, model_parameter(request));
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    const std::string environment_text = body.text("environment").value_or(registry::production().text());
    const std::optional<std::int64_t> to = body.integer("to");
    std::string reason = body.required_text("reason");
    BATON_TRY(body.finish());
    BATON_ASSIGN(registry::Environment environment, registry::Environment::parse(environment_text));
    std::optional<registry::VersionRef> target;
    if (to) target = *to;
    return Rollback{std::move(model), std::move(environment), std::move(target), std::move(reason)};
}

Response roll_back_now(const Api& api, const Request& request) {
    return api.change(request, read_rollback, [&](Transaction& transaction, const Rollback& wanted) {
        return slot_answer(api, rollback(transaction, wanted.model, wanted.environment, wanted.to, wanted.reason));
    });
}

// The slot that the change made, as it is served now.
Response current_slot(const Api& api, const Request& request, Response changed) {
    const std::string revision(changed.headers.get(live_revision_header).value_or(""));
    const Response live =
        api.read(request, [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
            BATON_ASSIGN(const registry::LiveSnapshot all, live_snapshot(snapshot, &caller, std::nullopt));
            for (const registry::Slot& slot : all.slots) {
                if (std::to_string(slot.revision) == revision) {
                    return Response::json(200, with_warnings_of(std::get<std::string>(changed.body),
                                                                to_json(slot, api.live_set().statuses())));
                }
            }
            return not_found("replaced meanwhile");
        });
    if (live.status == 200) changed.body = std::get<std::string>(live.body);
    return changed;
}

struct Retirement {
    registry::ModelName model;
    registry::VersionRef ref;
    std::string reason;
};

Result<Retirement> read_retirement(const Request& request) {
    BATON_ASSIGN(registry::ModelName model, model_parameter(request));
    BATON_ASSIGN(registry::VersionRef ref, ref_parameter(request));
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    std::string reason = body.required_text("reason");
    BATON_TRY(body.finish());
    return Retirement{std::move(model), std::move(ref), std::move(reason)};
}

Response retire_now(const Api& api, const Request& request) {
    return api.change(
        request, read_retirement, [](Transaction& transaction, const Retirement& wanted) -> Result<Answer> {
            BATON_ASSIGN(const registry::Version version, retire(transaction, wanted.model, wanted.ref, wanted.reason));
            return json_answer(200, to_json(version));
        });
}

}  // namespace

void add_promotion_routes(Router& router, const Api& api) {
    waiting(router, api, Method::post, "/api/v1/requests/{id}/promotion", promote_now, current_slot);
    waiting(router, api, Method::post, "/api/v1/models/{model}/rollback", roll_back_now, current_slot);
    pooled(router, api, Method::post, "/api/v1/models/{model}/versions/{ref}/retirement", retire_now);
}

}  // namespace baton::server::native
