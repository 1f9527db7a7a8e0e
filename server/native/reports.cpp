// Validation reports of a version.
#include "registry/catalog.h"
#include "server/native/json_out.h"
#include "server/native/report_body.h"
#include "server/native/routes.h"

namespace baton::server::native {

registry::NewReport read_report(JsonBody& body) {
    registry::NewReport report;
    if (auto dataset = body.object("dataset")) {
        report.dataset_name = dataset->text("name").value_or("");
        report.dataset_digest = dataset->digest("digest");
        report.dataset_rows = dataset->integer("rows");
        report.dataset_context = dataset->text("context").value_or("");
    }
    report.task = body.text("task").value_or("");
    report.metrics = body.numbers("metrics");
    if (report.metrics.empty())
        body.wrong("metrics", "must name at least one metric, such as {\"accuracy_score\": 0.9}");
    report.details = body.rest({"ci", "slices", "per_class_metrics", "baselines"});
    report.note = body.text("note").value_or("");
    return report;
}

namespace {

using registry::Answer;

struct Addition {
    registry::ModelName model;
    registry::VersionRef ref;
    registry::NewReport report;
};

Result<Addition> read_addition(const Request& request) {
    BATON_ASSIGN(registry::ModelName model, model_parameter(request));
    BATON_ASSIGN(registry::VersionRef ref, ref_parameter(request));
    BATON_ASSIGN(JsonBody body, JsonBody::parse(request.body));
    registry::NewReport report = read_report(body);
    BATON_TRY(body.finish());
    return Addition{std::move(model), std::move(ref), std::move(report)};
}

Response add(const Api& api, const Request& request) {
    return api.change(request, read_addition,
                      [](registry::Transaction& transaction, const Addition& wanted) -> Result<Answer> {
                          BATON_ASSIGN(const registry::Report added,
                                       add_report(transaction, wanted.model, wanted.ref, wanted.report));
                          return json_answer(201, to_json(added));
                      });
}

Response list(const Api& api, const Request& request) {
    return api.read(request,
                    [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
                        BATON_ASSIGN(const registry::ModelName model, model_parameter(request));
                        BATON_ASSIGN(const registry::VersionRef ref, ref_parameter(request));
                        BATON_ASSIGN(const registry::PageRequest page, page_request(request));
                        BATON_ASSIGN(const registry::Page<registry::Report> reports,
                                     list_reports(snapshot, caller, model, ref, page));
                        return Response::json(200, page_json(reports));
                    });
}

Response get(const Api& api, const Request& request) {
    return api.read(request,
                    [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
                        BATON_ASSIGN(const registry::ModelName model, model_parameter(request));
                        BATON_ASSIGN(const registry::VersionRef ref, ref_parameter(request));
                        BATON_ASSIGN(const std::int64_t id, id_parameter(request));
                        BATON_ASSIGN(const registry::Report report, get_report(snapshot, caller, model, ref, id));
                        return Response::json(200, to_json(report));
                    });
}

}  // namespace

void add_report_routes(Router& router, const Api& api) {
    pooled(router, api, Method::post, "/api/v1/models/{model}/versions/{ref}/reports", add);
    pooled(router, api, Method::get, "/api/v1/models/{model}/versions/{ref}/reports", list);
    pooled(router, api, Method::get, "/api/v1/models/{model}/versions/{ref}/reports/{id}", get);
}

}  // namespace baton::server::native
