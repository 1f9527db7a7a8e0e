#include "server/mlflow/scoring_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/oip/serving.h"

namespace baton::server::mlflow {
namespace {

using testing::HasSubstr;
using testing_support::body_of;
using testing_support::header_of;

class MlflowScoring : public testing_support::Serving {
protected:
    MlflowScoring() { add_scoring_routes(router_, service_); }

    Response invoke(const std::string& model, std::string body, std::string_view type = "application/json") {
        Headers headers;
        if (!type.empty()) headers.add("Content-Type", type);
        return post("/serving-endpoints/" + model + "/invocations", std::move(body), headers);
    }
};

TEST_F(MlflowScoring, PredictsFromJsonAndCsv) {
    for (const char* type : {"application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"}) {
        const Response response =
            invoke("half", R"({"dataframe_split":{"columns":["p","q"],"data":[[1,2],[3,4]]}})", type);
        EXPECT_EQ(response.status, 200) << type;
        EXPECT_EQ(body_of(response), R"({"predictions":[2,2]})");
        EXPECT_EQ(header_of(response, "Content-Type"), "application/json");
        EXPECT_EQ(header_of(response, "Baton-Model-Version"), "2");
    }
    EXPECT_EQ(body_of(invoke("half", "p,q\n1,2\n", "text/csv")), R"({"predictions":[2]})");
}

TEST_F(MlflowScoring, AsksForTheColumnsOfTheVersion) {
    want_named({"p", "q"});
    EXPECT_EQ(invoke("named", "q,p\n1,2\n", "text/csv").status, 200);
    const Response refused = invoke("named", R"({"dataframe_records":[{"q":1,"P":2}]})");
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(
        body_of(refused),
        R"({"error_code":"INVALID_PARAMETER_VALUE","message":"the columns are not those of the model; missing: 'p'; unknown: 'P'"})");
    EXPECT_EQ(invoke("half", "q,P\n1,2\n", "text/csv").status, 200) << "names that nobody knows";
}

TEST_F(MlflowScoring, RefusesOtherTypes) {
    for (const char* type : {"", "text/plain", "application/json; format=pandas-split", "application/jsonp",
                             "application/json; charset=latin-1", "application/vnd.apache.parquet"}) {
        const Response response = invoke("half", "{}", type);
        EXPECT_EQ(response.status, 415) << type;
        EXPECT_THAT(header_of(response, "Content-Type"), HasSubstr("text/plain"));
    }
}

TEST_F(MlflowScoring, RefusesInMlflowsShape) {
    want_what_never_loads();
    struct Case {
        const char* model;
        const char* body;
        int status;
        const char* code;
    };
    const std::vector<Case> cases = {
        {"half", R"({"foo":1})", 400, "BAD_REQUEST"},
        {"half", R"({"dataframe_records":[]})", 400, "INVALID_PARAMETER_VALUE"},
        {"nobody", "{}", 404, "RESOURCE_DOES_NOT_EXIST"},
        {"loading", "{}", 503, "TEMPORARILY_UNAVAILABLE"},
        {"files", "{}", 400, "BAD_REQUEST"},
    };
    for (const auto& [model, body, status, code] : cases) {
        const Response response = invoke(model, body);
        EXPECT_EQ(response.status, status) << model;
        EXPECT_THAT(body_of(response), HasSubstr(std::string(R"("error_code":")") + code)) << model;
        EXPECT_THAT(body_of(response), HasSubstr(R"("message":")")) << model;
    }
    const Response wrong = get("/serving-endpoints/half/invocations");
    EXPECT_EQ(wrong.status, 405);
    EXPECT_EQ(body_of(wrong), R"({"detail":"Method Not Allowed"})");
    authorize_ = [](const Request&, std::string_view) -> Status {
        return Error{.code = Code::unauthenticated, .message = "who are you?"};
    };
    EXPECT_EQ(invoke("half", "{}").status, 401);
    EXPECT_EQ(invoke("half", "{}", "text/plain").status, 401) << "who is nobody is told that first";
}

TEST_F(MlflowScoring, TellsThatItIsThere) {
    want_what_never_loads();
    for (const char* path : {"/ping", "/serving-endpoints/half/ping", "/serving-endpoints/half/health"}) {
        const Response response = get(path);
        EXPECT_EQ(response.status, 200) << path;
        EXPECT_EQ(body_of(response), "\n");
        EXPECT_EQ(header_of(response, "Content-Type"), "application/json");
    }
    EXPECT_EQ(body_of(get("/version")), "1.2.3");
    EXPECT_EQ(body_of(get("/serving-endpoints/half/version")), "1.2.3");
    EXPECT_EQ(get("/serving-endpoints/loading/ping").status, 503);
    EXPECT_EQ(get("/serving-endpoints/nobody/ping").status, 404);
    ready_ = false;
    EXPECT_EQ(get("/ping").status, 503);
}

}  // namespace
}  // namespace baton::server::mlflow
