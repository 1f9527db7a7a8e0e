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
    answer.headers.emplace_back("ETag", etag(model.revision));
    if (status == 201) answer.headers.emplace_back("Location", "/api/v1/models/" + model.name.text());
    return answer;
}

Result<registry::NewModel> read_new_model(const Request& request) {
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    const std::string name = body.required_text("name");
    const std::string description = body.text("description").value_or("");
    registry::Tags tags = body.string_map("tags");
    BATON_TRY(body.finish());
    BATON_ASSIGN(registry::ModelName model, registry::ModelName::parse(name));
    return registry::NewModel{std::move(model), description, std::move(tags)};
}

Response create(const Api& api, const Request& request) {
    return api.change(request, read_new_model,
                      [](Transaction& transaction, const registry::NewModel& wanted) -> Result<Answer> {
                          BATON_ASSIGN(const registry::Model created, create_model(transaction, wanted));
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
                        response.headers.set("ETag", etag(model.revision));
                        return response;
                    });
}

struct Edit {
    registry::ModelName model;
    registry::ModelEdit changes;
};

Result<Edit> read_edit(const Request& request) {
    BATON_ASSIGN(registry::ModelName name, model_parameter(request));
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
    BATON_ASSIGN(changes.expected_revision, if_match_revision(request));
    return Edit{std::move(name), std::move(changes)};
}

Response edit(const Api& api, const Request& request) {
    return api.change(request, read_edit, [](Transaction& transaction, const Edit& wanted) -> Result<Answer> {
        BATON_ASSIGN(const registry::Model model, edit_model(transaction, wanted.model, wanted.changes));
        return model_answer(200, model);
    });
}

struct Removal {
    registry::ModelName model;
    std::optional<std::int64_t> expected_revision;
};

Result<Removal> read_removal(const Request& request) {
    BATON_ASSIGN(registry::ModelName name, model_parameter(request));
    BATON_ASSIGN(const std::optional<std::int64_t> expected, if_match_revision(request));
    return Removal{std::move(name), expected};
}

Response remove(const Api& api, const Request& request) {
    return api.change(request, read_removal, [](Transaction& transaction, const Removal& wanted) -> Result<Answer> {
        BATON_TRY(delete_model(transaction, wanted.model, wanted.expected_revision));
        return json_answer(200, "{}");
    });
}

struct AliasName {
    registry::ModelName model;
    registry::Alias alias;
};

Result<AliasName> read_alias_name(const Request& request) {
    BATON_ASSIGN(registry::ModelName model, model_parameter(request));
    BATON_ASSIGN(registry::Alias alias, registry::Alias::parse(request.parameter("alias")));
    return AliasName{std::move(model), std::move(alias)};
}

struct AliasTarget {
    AliasName name;
    registry::VersionNumber version = 0;
};

Result<AliasTarget> read_alias_target(const Request& request) {
    BATON_ASSIGN(AliasName name, read_alias_name(request));
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    const std::optional<std::int64_t> number = body.integer("version");
    if (!number) body.wrong("version", "must be the number of a version");
    BATON_TRY(body.finish());
    return AliasTarget{std::move(name), *number};
}

Response put_alias(const Api& api, const Request& request) {
    return api.change(request, read_alias_target,
                      [](Transaction& transaction, const AliasTarget& wanted) -> Result<Answer> {
                          BATON_ASSIGN(const registry::Model model,
                                       set_alias(transaction, wanted.name.model, wanted.name.alias, wanted.version));
                          return model_answer(200, model);
                      });
}

Response delete_alias(const Api& api, const Request& request) {
    return api.change(request, read_alias_name, [](Transaction& transaction, const AliasName& name) -> Result<Answer> {
        BATON_ASSIGN(const registry::Model model, remove_alias(transaction, name.model, name.alias));
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
