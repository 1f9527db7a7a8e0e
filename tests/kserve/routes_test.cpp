#include "server/kserve/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/tfserving/routes.h"
#include "tests/oip/serving.h"

namespace baton::server::kserve {
namespace {

using testing::HasSubstr;
using testing_support::body_of;

class KServeV1 : public testing_support::Serving {
protected:
    KServeV1() {
        tfserving::add_routes(router_, service_);
        add_routes(router_, service_);
    }
};

TEST_F(KServeV1, IsAlive) {
    EXPECT_EQ(get("/").status, 200);
    EXPECT_EQ(body_of(get("/")), R"({"status":"alive"})");
}

TEST_F(KServeV1, ListsAndPredictsBesideTensorFlowServing) {
    EXPECT_THAT(body_of(get("/v1/models")), HasSubstr(R"("models":["broken","half"])"));
    EXPECT_THAT(body_of(get("/v1/models/half")), HasSubstr(R"({"name":"half","ready":true)"));
    EXPECT_EQ(body_of(post("/v1/models/half:predict", R"({"instances":[[1,2]]})")), R"({"predictions":[[2]]})");
    EXPECT_EQ(body_of(post("/v1/models/half:predict", R"({"inputs":[{"x":[1,2]}]})")), R"({"predictions":[[2]]})");
}

TEST_F(KServeV1, SaysThatItExplainsNothingYet) {
    const Response response = post("/v1/models/half:explain", R"({"instances":[[1,2]]})");
    EXPECT_EQ(response.status, 501);
    EXPECT_THAT(body_of(response), HasSubstr(":predict"));
    EXPECT_EQ(post("/v1/models/nobody:explain").status, 404);
    authorize_ = [](const Request&, std::string_view) -> Status {
        return Error{.code = Code::permission_denied, .message = "not yours"};
    };
    EXPECT_EQ(post("/v1/models/half:explain").status, 403);
}

}  // namespace
}  // namespace baton::server::kserve
