#include "server/oip/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/inference/compression.h"
#include "tests/oip/serving.h"

namespace baton::server::oip {
namespace {

using testing::HasSubstr;
using testing_support::body_of;
using testing_support::header_of;

constexpr std::string_view one_row = R"({"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]})";

class OipRoutes : public testing_support::Serving {
protected:
    OipRoutes() { add_routes(router_, service_); }

    void expect(const Response& response, int status, const std::string& body) {
        EXPECT_EQ(response.status, status);
        EXPECT_EQ(body_of(response), body);
        EXPECT_EQ(header_of(response, "Content-Type"), "application/json");
    }
};

TEST_F(OipRoutes, TellHealth) {
    expect(get("/v2/health/live"), 200, R"({"live":true})");
    expect(get("/v2/health/ready"), 200, R"({"live":true,"ready":true})");
    ready_ = false;
    expect(get("/v2/health/ready"), 503, R"({"live":true,"ready":false})");
}

TEST_F(OipRoutes, DescribeTheServer) {
    const std::string expected =
        R"({"name":"baton","version":"1.2.3","extensions":["binary_tensor_data","classification",)"
        R"("model_configuration","model_repository","parameters","schedule_policy","statistics"]})";
    expect(get("/v2"), 200, expected);
    expect(get("/v2/"), 200, expected);
}

TEST_F(OipRoutes, DescribeModels) {
    const auto metadata = [](const std::string& version) {
        return R"({"name":"half","versions":["1","2"],"platform":"onnx_onnxv1",)"
               R"("inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}],)"
               R"("outputs":[{"name":"y","datatype":"FP32","shape":[-1,1]}],)"
               R"("properties":{"engine":"fake","version":")" +
               version + R"(","digest":")" + sha256("half" + version).text() + "\"}}";
    };
    expect(get("/v2/models/half"), 200, metadata("2"));
    expect(get("/v2/models/half/versions/1"), 200, metadata("1"));
    EXPECT_EQ(get("/v2/models/nobody").status, 404);
}

TEST_F(OipRoutes, TellWhichModelsAreReady) {
    want_what_never_loads();
    expect(get("/v2/models/half/ready"), 200, R"({"name":"half","ready":true})");
    expect(get("/v2/models/half/versions/1/ready"), 200, R"({"name":"half","ready":true})");
    expect(get("/v2/models/loading/ready"), 503, R"({"name":"loading","ready":false})");
    expect(get("/v2/models/broken/ready"), 503, R"({"name":"broken","ready":false})");
    EXPECT_EQ(get("/v2/models/nobody/ready").status, 404);
    EXPECT_EQ(get("/v2/models/half/versions/3/ready").status, 404);
}

TEST_F(OipRoutes, InferWithTheLiveVersionOrTheOneNamed) {
    const Response live = post("/v2/models/half/infer?ignored=1", std::string(one_row));
    expect(
        live, 200,
        R"({"model_name":"half","model_version":"2","outputs":[{"name":"y","datatype":"FP32","shape":[1,1],"data":[2]}]})");
    EXPECT_EQ(header_of(live, "Baton-Model-Version"), "2");
    EXPECT_EQ(header_of(live, "Baton-Model-Digest"), sha256("half2").text());

    const Response named = post("/v2/models/half/versions/1/infer", std::string(one_row));
    EXPECT_THAT(body_of(named), HasSubstr(R"("model_version":"1")"));
    EXPECT_EQ(header_of(named, "Baton-Model-Version"), "1");
}

TEST_F(OipRoutes, RefuseInTheProtocolsShape) {
    want_what_never_loads();
    struct Case {
        const char* path;
        std::string body;
        int status;
        const char* expected;
    };
    const std::string body(one_row);
    const std::vector<Case> cases = {
        {"/v2/models/nobody/infer", body, 404,
         R"({"error":"Request for unknown model: 'nobody' is not found (a model answers once a version of it is live)"},
        {"/v2/models/half/versions/9/infer", body, 404, "'half' version 9 is not found"},
        {"/v2/models/half/versions/v1/infer", body, 404, "version 'v1' is not found"},
        {"/v2/models/half/versions/01/infer", body, 404, "version '01' is not found"},
        {"/v2/models/loading/infer", body, 503, "'loading' version 1 is loading"},
        {"/v2/models/broken/infer", body, 503, "'broken' version 1 failed to load: the bytes do not match"},
        {"/v2/models/files/infer", body, 400, "no model that an engine runs"},
        {"/v2/models/half/infer", "", 400, R"({"error":"the body)"},
        {"/v2/models/half/infer", R"({"inputs":[]})", 400, "input 'x' is missing"},
        {"/v2/models/half/infer", R"({"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]})", 400,
         "has shape [1,3], expected [-1,2]"},
        {"/v2/models/half/infer", R"({"inputs":[{"name":"x","shape":[1,2],"datatype":"FP64","data":[1,2]}]})", 400,
         "has data type FP64, expected FP32"},
        {"/v2/models/half/infer",
         R"({"outputs":[{"name":"z"}],"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]})", 400,
         "unknown output 'z' (the model answers: y)"},
        {"/v2/nothing", body, 404, R"({"error":"Not Found"})"},
        {"/v2/health/live", body, 405, R"({"error":"Method Not Allowed"})"},
    };
    for (const auto& [path, request, status, expected] : cases) {
        const Response response = post(path, request);
        EXPECT_EQ(response.status, status) << path;
        EXPECT_THAT(body_of(response), HasSubstr(expected)) << path;
        EXPECT_EQ(header_of(response, "Retry-After"), status == 503 ? "1" : "(none)") << path;
    }
}

Headers header(std::string_view name, std::string_view value) {
    Headers headers;
    headers.add(name, value);
    return headers;
}

TEST_F(OipRoutes, TakeAndAnswerBinaryTensors) {
    std::string body = R"({"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32",)"
                       R"("parameters":{"binary_data_size":8}}],"parameters":{"binary_data_output":true}})";
    const auto json_size = std::to_string(body.size());
    body += std::string(8, '\0');
    const Response response = post("/v2/models/half/infer", body, header("inference-header-content-length", json_size));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(header_of(response, "Content-Type"), "application/octet-stream");
    const std::string json = R"({"model_name":"half","model_version":"2","outputs":[)"
                             R"({"name":"y","datatype":"FP32","shape":[1,1],"parameters":{"binary_data_size":4}}]})";
    EXPECT_EQ(header_of(response, "Inference-Header-Content-Length"), std::to_string(json.size()));
    EXPECT_EQ(body_of(response), json + std::string("\0\0\0\x40", 4));

    const Response raw =
        post("/v2/models/half/infer", std::string(8, '\0'), header("Inference-Header-Content-Length", "0"));
    EXPECT_EQ(raw.status, 200);
    EXPECT_EQ(body_of(raw), body_of(response));
    for (const char* wrong : {"-1", "1", "9", "x", "", "1.0", " 1", "99999999999999999999999"}) {
        const Response refused =
            post("/v2/models/half/infer", std::string(8, '\0'), header("Inference-Header-Content-Length", wrong));
        EXPECT_EQ(refused.status, 400) << wrong;
    }
}

TEST_F(OipRoutes, TakeAndAnswerCompressedBodies) {
    for (const Coding coding : {Coding::gzip, Coding::deflate}) {
        Headers headers = header("Content-Encoding", coding_name(coding));
        headers.add("Accept-Encoding", coding_name(coding));
        std::string rows = "[[1,2]";
        for (int i = 1; i < 1000; ++i) rows += ",[1,2]";
        const Response large = post(
            "/v2/models/half/infer",
            compress(coding, R"({"inputs":[{"name":"x","shape":[1000,2],"datatype":"FP32","data":)" + rows + "]}]}"),
            headers);
        ASSERT_EQ(large.status, 200) << body_of(large);
        EXPECT_EQ(header_of(large, "Content-Encoding"), "(none)") << "too small to be worth it";
        EXPECT_EQ(post("/v2/models/half/infer", std::string(one_row), headers).status, 400) << "not compressed";
    }
    EXPECT_EQ(post("/v2/models/half/infer", std::string(one_row), header("Content-Encoding", "identity")).status, 200);
    EXPECT_EQ(post("/v2/models/half/infer", std::string(one_row), header("Content-Encoding", "br")).status, 415);
    EXPECT_EQ(post("/v2/models/half/infer", std::string(one_row), header("Content-Encoding", "gzip, gzip")).status,
              415);
    const std::string bomb = compress(Coding::gzip, std::string(3'000'000, ' '));
    EXPECT_EQ(post("/v2/models/half/infer", bomb, header("Content-Encoding", "gzip")).status, 413);
}

TEST_F(OipRoutes, TellTheConfiguration) {
    for (const auto& [path, version] :
         {std::pair("/v2/models/half/config", "2"), std::pair("/v2/models/half/versions/1/config", "1")}) {
        expect(
            get(path), 200,
            R"({"name":"half","platform":"onnx_onnxv1","backend":"fake","version_policy":{"specific":{"versions":[)" +
                std::string(version) +
                R"(]}},"max_batch_size":1000,"input":[{"name":"x","data_type":"TYPE_FP32","dims":[2]}],)"
                R"("output":[{"name":"y","data_type":"TYPE_FP32","dims":[1]}],"parameters":{}})");
    }
    EXPECT_EQ(get("/v2/models/nobody/config").status, 404);
}

TEST_F(OipRoutes, LoadNothingThatIsNotLive) {
    want_what_never_loads();
    expect(post("/v2/repository/models/half/load"), 200, "");
    expect(post("/v2/repository/models/half/load", R"({"parameters":{}})"), 200, "");
    struct Case {
        const char* path;
        const char* body;
        int status;
        const char* expected;
    };
    const std::vector<Case> cases = {
        {"models/nobody/load", "", 400, "failed to load 'nobody'"},
        {"models/broken/load", "", 503, "failed to load 'broken'"},
        {"models/loading/load", "", 503, "is loading"},
        {"models/half/load", R"({"parameters":{"config":"{}"}})", 403, "promote it"},
        {"models/half/load", R"({"parameters":{"file:1/model.onnx":"AAAA"}})", 403, "promote it"},
        {"models/half/load", "[", 400, "JSON"},
        {"models/half/unload", "", 403, "failed to unload 'half'"},
        {"models/half/unload", R"({"parameters":{"unload_dependents":true}})", 403, "failed to unload 'half'"},
        {"other/index", "", 501, "one repository"},
    };
    for (const auto& [path, body, status, expected] : cases) {
        const Response response = post(std::string("/v2/repository/") + path, body);
        EXPECT_EQ(response.status, status) << path;
        EXPECT_THAT(body_of(response), HasSubstr(expected)) << path;
    }
}

TEST_F(OipRoutes, AskWhoWantsToKnowThoughThereIsNothingToTell) {
    authorize_ = [](const Request&, std::string_view) -> Status {
        return Error{.code = Code::unauthenticated, .message = "who are you?"};
    };
    EXPECT_EQ(post("/v2/repository/index").status, 401);
    EXPECT_EQ(get("/v2/models/stats").status, 401);
}

TEST_F(OipRoutes, AskForPermissionBeforeAnythingElse) {
    authorize_ = [](const Request&, std::string_view model) -> Status {
        if (model == "half") return {};
        return Error{.code = Code::permission_denied, .message = "not yours"};
    };
    EXPECT_EQ(post("/v2/models/half/infer", std::string(one_row)).status, 200);
    for (const char* path : {"/v2/models/nobody", "/v2/models/nobody/ready", "/v2/models/broken/stats"}) {
        EXPECT_EQ(get(path).status, 403) << path;
    }
    EXPECT_EQ(post("/v2/models/broken/infer", "no JSON").status, 403);
    EXPECT_THAT(body_of(post("/v2/repository/index")), testing::Not(HasSubstr("broken")));
    authorize_ = [](const Request&, std::string_view) -> Status {
        return Error{.code = Code::unauthenticated, .message = "who are you?"};
    };
    const Response refused = post("/v2/models/half/infer", std::string(one_row));
    EXPECT_EQ(refused.status, 401);
    EXPECT_EQ(header_of(refused, "WWW-Authenticate"), "Bearer");
    EXPECT_EQ(post("/v2/repository/index").status, 401);
    EXPECT_EQ(get("/v2/health/live").status, 200);
}

TEST_F(OipRoutes, IndexTheRepository) {
    want_what_never_loads();
    expect(post("/v2/repository/index"), 200,
           R"([{"name":"broken","version":"1","state":"UNAVAILABLE","reason":"the bytes do not match"},)"
           R"({"name":"half","version":"1","state":"READY","reason":""},)"
           R"({"name":"half","version":"2","state":"READY","reason":""},)"
           R"({"name":"loading","version":"1","state":"LOADING","reason":""}])");
    expect(post("/v2/repository/index", R"({"ready":true})"), 200,
           R"([{"name":"half","version":"1","state":"READY","reason":""},)"
           R"({"name":"half","version":"2","state":"READY","reason":""}])");
    EXPECT_EQ(post("/v2/repository/index", R"({"ready":1})").status, 400);
    EXPECT_EQ(post("/v2/repository/index", std::string(100'000, '[')).status, 400);
}

TEST_F(OipRoutes, CountWhatTheyAnswer) {
    static_cast<void>(post("/v2/models/half/infer", std::string(one_row)));
    static_cast<void>(post("/v2/models/half/infer", R"({"inputs":[{"name":"x","shape":[3,2],"datatype":"FP32",)"
                                                    R"("data":[1,2,3,4,5,6]}]})"));
    static_cast<void>(post("/v2/models/half/infer", "no JSON"));
    const auto& counters = served("half").counters;
    EXPECT_EQ(counters.requests, 3U);
    EXPECT_EQ(counters.failed(), 1U);
    EXPECT_EQ(counters.rows, 4U);
    EXPECT_GT(counters.last_request_ms, 0);
    const std::string statistics = body_of(get("/v2/models/half/stats"));
    EXPECT_THAT(statistics, HasSubstr(R"("inference_count":4,"execution_count":2)"));
    EXPECT_THAT(statistics, HasSubstr(R"("fail":{"count":1,"ns":0})"));
    EXPECT_THAT(statistics, HasSubstr(R"("cache_miss":{"count":0,"ns":0})"));
    EXPECT_THAT(body_of(get("/v2/models/stats")), HasSubstr(R"("name":"half","version":"1")"));
    EXPECT_THAT(statistics, HasSubstr(R"("name":"half","version":"1")")) << "all that are loaded";
    EXPECT_THAT(body_of(get("/v2/models/half/versions/1/stats")), HasSubstr(R"("inference_count":0)"));
    EXPECT_THAT(body_of(get("/v2/models/half/versions/1/stats")), testing::Not(HasSubstr(R"("version":"2")")));
}

}  // namespace
}  // namespace baton::server::oip
