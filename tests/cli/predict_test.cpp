// baton predict with named columns: what is compared, which version is asked, what is said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/verb_fixture.h"

namespace baton::cli {
namespace {

using testing::HasSubstr;

class PredictTest : public VerbTest {
protected:
    PredictTest() {
        server.on("GET /v2/models/risk", R"({"name":"risk","properties":{"version":"3"},
            "inputs":[{"name":"X","datatype":"FP32","shape":[-1,2]}]})");
        server.on("GET /api/v1/models/risk/versions/3", R"({"metadata":{"feature_names":"[\"age\",\"income\"]"}})");
        for (const char* path : {"POST /v2/models/risk/infer", "POST /v2/models/risk/versions/3/infer"}) {
            server.on(path, R"({"model_name":"risk","model_version":"3","outputs":[]})");
        }
    }
};

TEST_F(PredictTest, NamedColumnsGoToTheVersionTheyWerePutInOrderFor) {
    const Outcome outcome = baton({"predict", "risk", "-"}, "income,age\n100,20\n,30\n");
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "risk/3\n");
    EXPECT_EQ(sent("POST /v2/models/risk/versions/3/infer")["inputs"][0]["data"].dump(), "[20.0,100.0,30.0,null]");
}

TEST_F(PredictTest, RowsWithoutNamesGoToWhatIsLive) {
    ASSERT_EQ(baton({"predict", "risk", "-"}, "[[20,100]]").code, 0);
    EXPECT_EQ(sent("POST /v2/models/risk/infer")["inputs"][0]["data"].dump(), "[20,100]");
}

TEST_F(PredictTest, OtherNamesAreRefusedBeforeAnythingIsAsked) {
    const Outcome outcome = baton({"predict", "risk", "-"}, R"([{"income":1,"agee":2}])");
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("missing: 'age'; unknown: 'agee'"));
    EXPECT_THAT(outcome.err, HasSubstr("hint: the model takes age, income"));
    EXPECT_TRUE(server.requests("POST /v2/models/risk/versions/3/infer").empty());
    EXPECT_TRUE(server.requests("POST /v2/models/risk/infer").empty());
}

TEST_F(PredictTest, WhoMayNotReadTheVersionIsToldThatNamesAreNotCompared) {
    server.on("GET /api/v1/models/risk/versions/3", R"({"code":"permission_denied","detail":"no"})", 403);
    const Outcome outcome = baton({"predict", "risk", "-"}, "income,age\n100,20\n");
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("in the order of the file: income, age"));
    EXPECT_EQ(sent("POST /v2/models/risk/infer")["inputs"][0]["data"].dump(), "[100.0,20.0]");
}

}  // namespace
}  // namespace baton::cli
