// What people are told beside the answer: warnings, and who answers where the live version failed.
#include "tests/cli/verb_fixture.h"

namespace baton::cli {
namespace {

using testing::HasSubstr;

TEST_F(VerbTest, WarningsAreShownToWhoDecides) {
    Json request = Json::parse(request_seven);
    request["warnings"] = {"input X is FP32 [-1, 3], not FP32 [-1, 4]"};
    server.on("GET /api/v1/requests/7", request.dump());
    EXPECT_THAT(baton({"approve", "7"}).err, HasSubstr("warning: input X is FP32 [-1, 3]"));
    EXPECT_THAT(baton({"requests", "7"}).out, HasSubstr("warning: input X is FP32 [-1, 3]"));
    server.on(
        "POST /api/v1/requests/7/promotion",
        R"({"model":"risk","version":3,"environment":"production","serving":"ready","warnings":["other inputs"]})");
    EXPECT_THAT(baton({"promote", "7"}).err, HasSubstr("warning: other inputs"));
    server.on(
        "POST /api/v1/models/risk/traffic/end",
        R"({"model":"risk","environment":"production","live":null,"canary":null,"shadow":null,"warnings":["other"]})");
    EXPECT_THAT(baton({"canary", "risk", "--end", "promote"}).err, HasSubstr("warning: other"));
}

TEST_F(VerbTest, CandidatesOfOtherInputsHaveToBeAllowed) {
    const std::string none = R"({"model":"risk","environment":"production","live":null,"canary":null,"shadow":null})";
    server.on("PUT /api/v1/models/risk/traffic", none);
    ASSERT_EQ(baton({"canary", "risk/3", "--percent", "5", "--allow-signature-change"}).code, 0);
    EXPECT_EQ(sent("PUT /api/v1/models/risk/traffic"),
              (Json{{"canary", {{"version", 3}, {"percent", 5.0}, {"allow_signature_change", true}}}}));
    ASSERT_EQ(baton({"shadow", "risk/3", "--allow-signature-change"}).code, 0);
    EXPECT_EQ(server.requests("PUT /api/v1/models/risk/traffic").back().body,
              (Json{{"shadow", {{"version", 3}, {"sample", 100.0}, {"allow_signature_change", true}}}}).dump());
}

TEST_F(VerbTest, WhoAnswersIsSaidWhereTheLiveVersionFailed) {
    Json slot = {{"model", "risk"},     {"version", 3},        {"environment", "production"},
                 {"serving", "failed"}, {"message", "broken"}, {"serving_version", 2}};
    server.on("GET /api/v1/live", Json{{"revision", 9}, {"slots", {slot}}, {"departing", Json::array()}}.dump());
    EXPECT_THAT(baton({"live"}).out, HasSubstr("broken; risk/2 answers"));
    server.on("GET /api/v1/models/risk/traffic",
              Json{{"model", "risk"}, {"environment", "production"}, {"live", slot}}.dump());
    EXPECT_THAT(baton({"traffic", "risk"}).out, HasSubstr("risk/2 answers"));
    slot["serving_version"] = nullptr;
    server.on("GET /api/v1/live", Json{{"revision", 9}, {"slots", {slot}}, {"departing", Json::array()}}.dump());
    EXPECT_THAT(baton({"live"}).out, HasSubstr("nothing answers"));
}

}  // namespace
}  // namespace baton::cli
