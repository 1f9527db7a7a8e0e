#include "server/tfserving/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/oip/serving.h"

namespace baton::server::tfserving {
namespace {

using testing::HasSubstr;
using testing_support::body_of;
using testing_support::header_of;

class TfsRoutes : public testing_support::Serving {
protected:
    TfsRoutes() { add_routes(router_, service_); }

    void expect(const Response& response, int status, const std::string& body) {
        EXPECT_EQ(response.status, status);
        EXPECT_EQ(body_of(response), body);
        EXPECT_EQ(header_of(response, "Content-Type"), "application/json");
    }
};

TEST_F(TfsRoutes, PredictWithTheLiveVersionOrTheOneNamed) {
    const Response live = post("/v1/models/half:predict", R"({"instances":[[1,2],[3,4]]})");
    expect(live, 200, R"({"predictions":[[2],[2]]})");
    EXPECT_EQ(header_of(live, "Baton-Model-Version"), "2");
    EXPECT_EQ(header_of(live, "Baton-Model-Digest"), sha256("half2").text());
    expect(post("/v1/models/half/versions/1:predict", R"({"inputs":{"x":[[1,2]]}})"), 200, R"({"outputs":[[1]]})");
    expect(post("/v1/Models/half/VERSIONS/1:Predict", R"({"inputs":[[1,2]]})"), 200, R"({"outputs":[[1]]})");
}

TEST_F(TfsRoutes, RegressAndClassify) {
    expect(post("/v1/models/half:regress", R"({"examples":[{"x":[1,2]},{"x":[3,4]}]})"), 200, R"({"results":[2,2]})");
    expect(post("/v1/models/half/versions/1:regress", R"({"context":{"x":[1,2]},"examples":[{}]})"), 200,
           R"({"results":[1]})");
    const Response classes = post("/v1/models/half:classify", R"({"examples":[{"x":[1,2]}]})");
    EXPECT_EQ(classes.status, 400);
    EXPECT_THAT(body_of(classes), HasSubstr("no scores of classes"));
}

TEST_F(TfsRoutes, TakeAnEnvironmentForALabel) {
    const Response response = post("/v1/models/half/labels/production:predict", R"({"instances":[[1,2]]})");
    expect(response, 200, R"({"predictions":[[2]]})");
    EXPECT_EQ(header_of(response, "Baton-Model-Version"), "2");
    EXPECT_THAT(body_of(get("/v1/models/half/labels/production")), HasSubstr(R"("version":"2")"));
    EXPECT_THAT(body_of(get("/v1/models/half/labels/production")), testing::Not(HasSubstr(R"("version":"1")")));
    EXPECT_THAT(body_of(get("/v1/models/half/labels/production/metadata")), HasSubstr(R"("version":"2")"));
    EXPECT_EQ(post("/v1/models/nobody/labels/production:predict", "{}").status, 400);
}

TEST_F(TfsRoutes, TellTheStatusInBothDialects) {
    want_what_never_loads();
    const auto state = [](const std::string& version, const std::string& name, const std::string& code,
                          const std::string& message) {
        return R"({"version":")" + version + R"(","state":")" + name + R"(","status":{"error_code":")" + code +
               R"(","error_message":")" + message + R"("}})";
    };
    expect(get("/v1/models/half"), 200,
           R"({"name":"half","ready":true,"model_version_status":[)" + state("1", "AVAILABLE", "OK", "") + "," +
               state("2", "AVAILABLE", "OK", "") + "]}");
    expect(get("/v1/models/half/versions/1"), 200,
           R"({"name":"half","ready":true,"model_version_status":[)" + state("1", "AVAILABLE", "OK", "") + "]}");
    expect(get("/v1/models/loading"), 503,
           R"({"name":"loading","ready":false,"model_version_status":[)" + state("1", "LOADING", "OK", "") + "]}");
    expect(get("/v1/models/broken"), 503,
           R"({"name":"broken","ready":false,"model_version_status":[)" +
               state("1", "END", "INTERNAL", "the bytes do not match") + "]}");
    expect(get("/v1/models"), 200, R"({"models":["broken","half","loading"]})");
}

TEST_F(TfsRoutes, DescribeTheSignature) {
    expect(get("/v1/models/half/versions/1/metadata"), 200,
           R"({"model_spec":{"name":"half","signature_name":"","version":"1"},"metadata":{"signature_def":)"
           R"({"signature_def":{"serving_default":{"inputs":{"x":{"dtype":"DT_FLOAT","tensor_shape":{"dim":[)"
           R"({"size":"-1","name":""},{"size":"2","name":""}],"unknown_rank":false},"name":"x"}},"outputs":{"y":)"
           R"({"dtype":"DT_FLOAT","tensor_shape":{"dim":[{"size":"-1","name":""},{"size":"1","name":""}],)"
           R"("unknown_rank":false},"name":"y"}},"method_name":"tensorflow/serving/predict"}}}}})");
    EXPECT_THAT(body_of(get("/v1/models/half/metadata")), HasSubstr(R"("version":"2")"));
}

TEST_F(TfsRoutes, RefuseInTheProtocolsShape) {
    want_what_never_loads();
    struct Case {
        Method method;
        const char* path;
        int status;
        const char* expected;
    };
    const std::vector<Case> cases = {
        {Method::post, "/v1/models/nobody:predict", 404,
         R"x({"error":"Servable not found for request: Latest(nobody)"})x"},
        {Method::post, "/v1/models/half/versions/9:predict", 404,
         R"x({"error":"Servable not found for request: Specific(half, 9)"})x"},
        {Method::post, "/v1/models/half/versions/99999999999:predict", 404, "Specific(half, 99999999999)"},
        {Method::get, "/v1/models/nobody", 404, "Latest(nobody)"},
        {Method::get, "/v1/models/nobody/metadata", 404, "Latest(nobody)"},
        {Method::get, "/v1/models/half/versions/9", 404, "Specific(half, 9)"},
        {Method::post, "/v1/models/half/labels/canary:predict", 400, "Unrecognized servable version label: canary"},
        {Method::post, "/v1/models/loading:predict", 503, "is loading"},
        {Method::post, "/v1/models/broken:predict", 503, "failed to load"},
        {Method::post, "/v1/models/files:predict", 400, "no model that an engine runs"},
        {Method::post, "/v1/models/half:predict", 400, R"({"error":"the body)"},
        {Method::post, "/v1/models/half:explain", 400,
         R"({"error":"Malformed request: POST /v1/models/half:explain"})"},
        {Method::post, "/v1/models/half", 400, "Malformed request: POST /v1/models/half"},
        {Method::get, "/v1/models/half:predict", 400, "Malformed request: GET /v1/models/half:predict"},
        {Method::get, "/v1/models/half:metadata", 400, "Malformed request"},
        {Method::get, "/v1/nothing", 400, "Malformed request: GET /v1/nothing"},
        {Method::del, "/v1/models/half", 400, "Malformed request: DELETE /v1/models/half"},
    };
    for (const auto& [method, path, status, expected] : cases) {
        const Response response = ask(method, path);
        EXPECT_EQ(response.status, status) << path;
        EXPECT_THAT(body_of(response), HasSubstr(expected)) << path;
    }
}

TEST_F(TfsRoutes, AskForPermissionBeforeAnythingElse) {
    authorize_ = [](const Request&, std::string_view model) -> Status {
        if (model == "half") return {};
        return Error{.code = Code::permission_denied, .message = "not yours"};
    };
    EXPECT_EQ(post("/v1/models/half:predict", R"({"instances":[[1,2]]})").status, 200);
    EXPECT_EQ(post("/v1/models/nobody:predict", "no JSON").status, 403);
    EXPECT_EQ(get("/v1/models/nobody").status, 403);
    EXPECT_EQ(get("/v1/models/broken/metadata").status, 403);
    EXPECT_EQ(body_of(get("/v1/models")), R"({"models":["half"]})");
}

}  // namespace
}  // namespace baton::server::tfserving
