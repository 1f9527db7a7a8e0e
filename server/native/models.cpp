// /models and their aliases.
#include "registry/catalog.h"
#include "server/native/json_body.h"
#include "server/native/json_out.h"
#include "server/native/routes.h"

namespace baton::server::native {
namespace {

using registry::Answer;
using registry::Transaction;

registry::Answer model_answer(int status, const registry::Model& model) {
    Answer answer = json_answer(status, to_json(model));
    answer.headers.emplace_back("ETag", revision_etag(model.revision));
    if (status == 201) answer.headers.emplace_back("Location", "/api/v1/models/" + model.name.text());
    return answer;
}

Response create(const Api& api, const Request& request) {
    return api.change(request, [&](Transaction& transaction) -> Result<Answer> {
        BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
        const std::string name = body.required_text("name");
        const std::string description = body.text("description").value_or("");
        registry::Tags tags = body.string_map("tags");
        BATON_TRY(body.finish());
        BATON_ASSIGN(registry::ModelName model, registry::ModelName::parse(name));
        BATON_ASSIGN(const registry::Model created,
                     create_model(transaction, {std::move(model), description, std::move(tags)}));
        return model_answer(201, created);
    });
}

Response list(const Api& api, const Request& request) {
    return api.read(request,
                    [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
                        BATON_ASSIGN(const registry::PageRequest page, page_request(request));
                        BATON_ASSIGN(const registry::Page<registry::Model> models, list_models(snapshot, caller, page));
                        return Response::json(200, page_json(models));
                    });
}

Response get(const Api& api, const Request& request) {
    return api.read(request,
                    [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
                        BATON_ASSIGN(const registry::ModelName name, model_parameter(request));
                        BATON_ASSIGN(const registry::Model model, get_model(snapshot, caller, name));
                        Response response = Response::json(200, to_json(model));
                        response.headers.set("ETag", revision_etag(model.revision));
                        return response;
                    });
}

Response edit(const Api& api, const Request& request) {
    return api.change(request, [&](Transaction& transaction) -> Result<Answer> {
        BATON_ASSIGN(const registry::ModelName name, model_parameter(request));
        BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
        registry::ModelEdit changes;
        changes.description = body.text("description");
        changes.tags = body.string_edits("tags");
        const auto owner = body.text("owner");
        BATON_TRY(body.finish());
        if (owner) {
            BATON_ASSIGN(registry::UserName user, registry::UserName::parse(*owner));
            changes.owner = std::move(user);
        }
        BATON_ASSIGN(changes.expected_revision, if_match(request));
        BATON_ASSIGN(const registry::Model model, edit_model(transaction, name, changes));
        return model_answer(200, model);
    });
}

Response remove(const Api& api, const Request& request) {
    return api.change(request, [&](Transaction& transaction) -> Result<Answer> {
        BATON_ASSIGN(const registry::ModelName name, model_parameter(request));
        BATON_ASSIGN(const std::optional<std::int64_t> expected, if_match(request));
        BATON_TRY(delete_model(transaction, name, expected));
        return json_answer(200, "{}");
    });
}

Response put_alias(const Api& api, const Request& request) {
    return api.change(request, [&](Transaction& transaction) -> Result<Answer> {
        BATON_ASSIGN(const registry::ModelName name, model_parameter(request));
        BATON_ASSIGN(const registry::Alias alias, registry::Alias::parse(request.parameter("alias")));
        BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
        const std::optional<std::int64_t> number = body.integer("version");
        if (!number) body.wrong("version", "must be the number of a version");
        BATON_TRY(body.finish());
        BATON_ASSIGN(const registry::Model model, set_alias(transaction, name, alias, registry::VersionRef(*number)));
        return model_answer(200, model);
    });
}

Response delete_alias(const Api& api, const Request& request) {
    return api.change(request, [&](Transaction& transaction) -> Result<Answer> {
        BATON_ASSIGN(const registry::ModelName name, model_parameter(request));
        BATON_ASSIGN(const registry::Alias alias, registry::Alias::parse(request.parameter("alias")));
        BATON_ASSIGN(const registry::Model model, remove_alias(transaction, name, alias));
        return model_answer(200, model);
    });
}

}  // namespace

void add_model_routes(Router& router, const Api& api) {
    pooled(router, api, Method::post, "/api/v1/models", create);
    pooled(router, api, Method::get, "/api/v1/models", list);
    pooled(router, api, Method::get, "/api/v1/models/{model}", get);
    pooled(router, api, Method::patch, "/api/v1/models/{model}", edit);
    pooled(router, api, Method::del, "/api/v1/models/{model}", remove);
    pooled(router, api, Method::put, "/api/v1/models/{model}/aliases/{alias}", put_alias);
    pooled(router, api, Method::del, "/api/v1/models/{model}/aliases/{alias}", delete_alias);
}

}  // namespace baton::server::native
