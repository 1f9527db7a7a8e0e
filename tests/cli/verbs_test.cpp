#include <gmock/gmock.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/json.h"
#include "tests/cli/command.h"
#include "tests/cli/fake_server.h"

namespace baton::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* request_seven =
    R"({"id":7,"model":"risk","version":3,"digest":"sha256:aa","environment":"production","state":"open",
        "requester":"dana","approvals":[],"comments":[],"evaluation":{"satisfied":false,"requirements":[
        {"requirement":"approvals","satisfied":false,"explanation":"0 of 1 approvals"}]}})";
constexpr const char* slot = R"({"model":"risk","environment":"production","version":3,"serving":"ready"})";

class VerbTest : public CommandTest {
protected:
    VerbTest() {
        environment["BATON_URL"] = server.url();
        environment["BATON_TOKEN"] = "secret";
        server.on("GET /api/v1/requests/7", request_seven);
        server.on("GET /api/v1/requests", R"({"items":[)" + std::string(request_seven) + "]}");
        server.on("POST /api/v1/requests/7/approvals", request_seven, 201);
        server.on("POST /api/v1/requests/7/rejection", request_seven);
        server.on("POST /api/v1/requests/7/comments", request_seven, 201);
        server.on("POST /api/v1/requests/7/promotion", slot);
    }
    Json sent(const std::string& route) const { return Json::parse(server.requests(route).at(0).body); }

    FakeServer server;
};

TEST_F(VerbTest, ApproveSendsTheDigestOfTheRequest) {
    const Outcome outcome = baton({"approve", "7", "--comment", "fine"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(sent("POST /api/v1/requests/7/approvals"), (Json{{"digest", "sha256:aa"}, {"comment", "fine"}}));
    EXPECT_THAT(outcome.err, HasSubstr("risk/3 (sha256:aa) for production"));
    EXPECT_THAT(outcome.out, HasSubstr("approved risk/3 for production"));
    EXPECT_THAT(outcome.out, HasSubstr("still needed: 0 of 1 approvals"));
}

TEST_F(VerbTest, AReferenceMeansItsOneOpenRequest) {
    ASSERT_EQ(baton({"approve", "risk/3"}).code, 0);
    EXPECT_THAT(
        server.requests("GET /api/v1/requests").at(0).target,
        HasSubstr("filter=model%20%3D%20%27risk%27%20AND%20version%20%3D%203%20AND%20state%20IN%20%28%27open%27"));
    EXPECT_EQ(server.requests("POST /api/v1/requests/7/approvals").size(), 1u);
}

TEST_F(VerbTest, AnAliasIsResolvedToItsNumberFirst) {
    server.on("GET /api/v1/models/risk/versions/@champion", R"({"model":"risk","version":3})");
    ASSERT_EQ(baton({"reject", "risk@champion", "--reason", "slow"}).code, 0);
    EXPECT_THAT(server.requests("GET /api/v1/requests").at(0).target, HasSubstr("version%20%3D%203"));
    EXPECT_EQ(sent("POST /api/v1/requests/7/rejection"), (Json{{"reason", "slow"}}));
}

TEST_F(VerbTest, NoneOrSeveralOpenRequestsAreErrors) {
    server.on("GET /api/v1/requests", R"({"items":[]})");
    const Outcome none = baton({"approve", "risk/3"});
    EXPECT_EQ(none.code, 3);
    EXPECT_THAT(none.err, HasSubstr("hint: open one: baton request risk/3"));
    server.on("GET /api/v1/requests",
              R"({"items":[{"id":7,"model":"risk","version":3,"environment":"production"},
                           {"id":8,"model":"risk","version":3,"environment":"staging"}]})");
    const Outcome several = baton({"approve", "risk/3"});
    EXPECT_EQ(several.code, 2);
    EXPECT_THAT(several.err, HasSubstr("7 (risk/3 for production), 8 (risk/3 for staging)"));
    EXPECT_TRUE(server.requests("POST /api/v1/requests/7/approvals").empty());
    EXPECT_EQ(baton({"approve", "risk/3", "--env", "production"}).code, 0);
    EXPECT_EQ(baton({"promote", "risk/3"}).code, 0);  // --env is production unless given
}

TEST_F(VerbTest, CommentAndPromote) {
    ASSERT_EQ(baton({"comment", "7", "which data?"}).code, 0);
    EXPECT_EQ(sent("POST /api/v1/requests/7/comments"), (Json{{"text", "which data?"}}));
    const Outcome promoted = baton({"promote", "7", "--wait"});
    ASSERT_EQ(promoted.code, 0) << promoted.err;
    EXPECT_EQ(server.requests("POST /api/v1/requests/7/promotion").at(0).target,
              "/api/v1/requests/7/promotion?wait=ready");
    EXPECT_EQ(promoted.out, "risk/3 is live in production (ready)\n");
    EXPECT_EQ(baton({"promote", "7", "--env", "staging"}).code, 2);
}

TEST_F(VerbTest, ARefusedPromotionListsAllThatIsMissing) {
    server.on("POST /api/v1/requests/7/promotion",
              R"({"code":"failed_precondition","detail":"not yet","hint":"ask an approver",
                  "missing":[{"requirement":"approvals","explanation":"0 of 1"},{"requirement":"report","explanation":"none"}]})",
              409);
    const Outcome outcome = baton({"promote", "7"});
    EXPECT_EQ(outcome.code, 5);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err,
              "error: not yet\n  missing approvals: 0 of 1\n  missing report: none\nhint: ask an approver\n");
    const Outcome as_json = baton({"promote", "7", "--json"});
    EXPECT_EQ(Json::parse(as_json.out)["error"]["missing"].size(), 2u);
}

TEST_F(VerbTest, RollbackNamesANumber) {
    server.on("POST /api/v1/models/risk/rollback", slot);
    ASSERT_EQ(baton({"rollback", "risk", "--to", "2", "--reason", "slow"}).code, 0);
    EXPECT_EQ(sent("POST /api/v1/models/risk/rollback"),
              (Json{{"environment", "production"}, {"reason", "slow"}, {"to", 2}}));
    EXPECT_EQ(baton({"rollback", "risk"}).code, 2);  // no reason
    EXPECT_EQ(baton({"rollback", "risk", "--to", "x", "--reason", "y"}).code, 2);
}

TEST_F(VerbTest, TokenCreatePrintsTheSecretAlone) {
    server.on("POST /api/v1/tokens", R"({"id":"4f","user":"dana","secret":"bt_abc"})", 201);
    const Outcome outcome = baton({"token", "create", "--user", "dana", "--role", "developer", "--expires", "90d"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "bt_abc\n");
    EXPECT_EQ(sent("POST /api/v1/tokens"),
              (Json{{"user", "dana"}, {"roles", {"developer"}}, {"expires_in", 90 * 24 * 3600}}));
    for (const char* time : {"90", "d", "-1d", "0h", "1y", "99999999999999999999d"}) {
        EXPECT_EQ(baton({"token", "create", "--user", "dana", "--expires=" + std::string(time)}).code, 2) << time;
    }
}

TEST_F(VerbTest, ATokenIsAskedForOnceAlthoughItsAnswerIsLost) {
    server.on("POST /api/v1/tokens", [](const FakeRequest&) {
        return FakeAnswer{.status = 201, .body = R"({"id":"4f","secret":"bt_abc"})", .break_after = 0};
    });
    const Outcome outcome = baton({"token", "create", "--user", "dana"});
    EXPECT_EQ(outcome.code, 7);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("baton token list"));
    const auto requests = server.requests("POST /api/v1/tokens");
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(requests.front().header("idempotency-key"), "");  // it would promise what nobody keeps
}

TEST_F(VerbTest, AnyOtherChangeIsSentOnceMoreWithItsKey) {
    server.on("POST /api/v1/users", [](const FakeRequest&) {
        return FakeAnswer{.status = 201, .body = R"({"name":"dana"})", .break_after = 0};
    });
    EXPECT_EQ(baton({"user", "create", "dana"}).code, 7);
    const auto requests = server.requests("POST /api/v1/users");
    ASSERT_EQ(requests.size(), 2u);
    EXPECT_EQ(requests[0].header("idempotency-key"), requests[1].header("idempotency-key"));
}

TEST_F(VerbTest, TokenRevokeHasAnIdempotencyKey) {
    server.on("DELETE /api/v1/tokens/4f", "{}");
    ASSERT_EQ(baton({"token", "revoke", "4f"}).code, 0);
    EXPECT_NE(server.requests("DELETE /api/v1/tokens/4f").at(0).header("idempotency-key"), "");
}

TEST_F(VerbTest, ListsFollowThePages) {
    server.on("GET /api/v1/models", [](const FakeRequest& request) -> FakeAnswer {
        const bool second = request.target.find("page_token=t%2B1") != std::string::npos;
        if (second) return {.body = R"({"items":[{"name":"b","versions":2}]})"};
        return {.body = R"({"items":[{"name":"a","versions":1}],"next_page_token":"t+1"})"};
    });
    const Outcome outcome = baton({"list", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(Json::parse(outcome.out)["items"].size(), 2u);
    const Outcome people = baton({"list"});
    EXPECT_THAT(people.out, HasSubstr("MODEL"));
    EXPECT_THAT(people.out, HasSubstr("\nb "));
}

TEST_F(VerbTest, LogShowsWhatBelongsToAVersion) {
    server.on("GET /api/v1/models/risk/versions/3", R"({"model":"risk","version":3,"digest":"sha256:aa"})");
    server.on("GET /api/v1/audit", R"({"items":[
        {"seq":1,"object":"model/risk","action":"model.created"},
        {"seq":2,"object":"model/risk/version/3","action":"version.registered","digest":"sha256:aa"},
        {"seq":3,"object":"model/risk/version/33","action":"version.registered"},
        {"seq":4,"object":"request/7","digest":"sha256:aa","details":{"model":"risk"},"action":"request.opened"},
        {"seq":5,"object":"request/8","digest":"sha256:bb","details":{"model":"risk"},"action":"request.opened"},
        {"seq":6,"object":"model/risk-two","action":"model.created"}]})");
    const auto sequences = [&](const std::vector<std::string>& arguments) {
        std::vector<int> out;
        const Json answer = Json::parse(baton(arguments).out);
        for (const Json& entry : answer["items"]) out.push_back(entry["seq"]);
        return out;
    };
    EXPECT_THAT(sequences({"log", "risk/3", "--json"}), testing::ElementsAre(2, 4));
    EXPECT_THAT(sequences({"log", "risk", "--json"}), testing::ElementsAre(1, 2, 3, 4, 5));
    EXPECT_THAT(sequences({"log", "--json"}), testing::SizeIs(6));
}

TEST_F(VerbTest, DiffShowsChangesWithTheirSize) {
    server.on("GET /api/v1/models/risk/diff", R"({"model":"risk","from":{"version":2},"to":{"version":3},
        "metadata":{},"tags":{},"signature":{"same":true},
        "metrics":{"roc_auc":{"from":0.75,"to":0.8125,"delta":0.0625}},
        "files":{"new.txt":{"from":null,"to":"sha256:0123456789abcdef"}}})");
    const Outcome outcome = baton({"diff", "risk/2", "risk/3"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(server.requests("GET /api/v1/models/risk/diff").at(0).target, "/api/v1/models/risk/diff?from=2&to=3");
    EXPECT_THAT(outcome.out, HasSubstr("metric  roc_auc  0.75               0.8125  0.0625"));
    EXPECT_THAT(outcome.out, HasSubstr("sha256:0123456789ab"));
    EXPECT_EQ(baton({"diff", "risk/2", "other/3"}).code, 2);
}

TEST_F(VerbTest, PredictAsksForTheInputsAndPrintsATable) {
    server.on("GET /v2/models/risk", R"({"name":"risk","inputs":[{"name":"X","datatype":"FP32","shape":[-1,2]}]})");
    server.on("POST /v2/models/risk/infer", R"({"model_name":"risk","model_version":"3","outputs":[
        {"name":"label","datatype":"INT64","shape":[2],"data":[1,0]},
        {"name":"p","datatype":"FP32","shape":[2,2],"data":[[0.25,0.75],[1.0,0.0]]}]})");
    const Outcome outcome = baton({"predict", "risk", "-"}, "a,b\n1,2\n3,4\n");
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out,
              "ROW  label   p.0   p.1\n"
              "  1      1  0.25  0.75\n"
              "  2      0   1.0   0.0\n");
    EXPECT_EQ(outcome.err, "risk/3\n");
    EXPECT_EQ(sent("POST /v2/models/risk/infer"),
              Json::parse(R"({"inputs":[{"name":"X","datatype":"FP32","shape":[2,2],"data":[1.0,2.0,3.0,4.0]}]})"));
    const Outcome document = baton({"predict", "risk/live", write("rows.json", "[[1,2]]").string(), "--json"});
    EXPECT_EQ(Json::parse(document.out)["model_version"], "3");
    EXPECT_EQ(document.err, "");
}

TEST_F(VerbTest, PredictOfAnAliasUsesItsNumber) {
    server.on("GET /api/v1/models/risk/versions/@champion", R"({"model":"risk","version":2})");
    server.on("GET /v2/models/risk/versions/2", R"({"inputs":[{"name":"X","datatype":"FP32","shape":[-1,1]}]})");
    server.on("POST /v2/models/risk/versions/2/infer", R"({"error":"not loaded"})", 503);
    const Outcome outcome = baton({"predict", "risk@champion", "-"}, "[[1]]");
    EXPECT_EQ(outcome.code, 7);
    EXPECT_EQ(outcome.err, "error: not loaded\n");
}

TEST_F(VerbTest, JsonIsExactlyOneDocument) {
    server.on("GET /api/v1/models/risk", R"({"name":"risk"})");
    server.on("GET /api/v1/models/risk/versions", R"({"items":[]})");
    server.on("GET /api/v1/models/risk/versions/3", R"({"model":"risk","version":3})");
    server.on("GET /api/v1/models/risk/versions/3/reports", R"({"items":[{"id":1,"metrics":{"r2_score":0.5}}]})");
    server.on("POST /api/v1/models/risk/versions/3/reports", R"({"id":2})", 201);
    server.on("POST /api/v1/models/risk/versions/3/requests", R"({"id":7})", 201);
    server.on("POST /api/v1/models/risk/versions/3/retirement", R"({"model":"risk","version":3})");
    server.on("POST /api/v1/models/risk/rollback", slot);
    server.on("GET /api/v1/models/risk/slots", R"({"current":[],"past":[]})");
    server.on("GET /api/v1/models/risk/diff", R"({"from":{},"to":{}})");
    server.on("GET /api/v1/models", R"({"items":[]})");
    server.on("GET /api/v1/versions", R"({"items":[]})");
    server.on("GET /api/v1/users", R"({"items":[]})");
    server.on("POST /api/v1/users", R"({"name":"dana","roles":["developer"]})", 201);
    server.on("GET /api/v1/tokens", R"({"items":[]})");
    server.on("POST /api/v1/tokens", R"({"id":"4f","secret":"s"})", 201);
    server.on("DELETE /api/v1/tokens/4f", "{}");
    server.on("GET /api/v1/audit", R"({"items":[]})");
    server.on("GET /api/v1/live", R"({"revision":1,"slots":[]})");
    server.on("GET /api/v1/whoami", R"({"user":"dana","roles":[]})");
    const std::string file = write("report.json", "{}").string();
    const std::vector<std::vector<std::string>> commands = {{"list"},
                                                            {"list", "risk"},
                                                            {"show", "risk"},
                                                            {"show", "risk/3"},
                                                            {"search", "stage = 'live'"},
                                                            {"report", "add", "risk/3", file},
                                                            {"report", "show", "risk/3"},
                                                            {"request", "risk/3"},
                                                            {"requests"},
                                                            {"requests", "7"},
                                                            {"requests", "--mine"},
                                                            {"comment", "7", "x"},
                                                            {"approve", "7"},
                                                            {"reject", "7", "--reason", "x"},
                                                            {"promote", "7"},
                                                            {"rollback", "risk", "--reason", "x"},
                                                            {"retire", "risk/3", "--reason", "x"},
                                                            {"live"},
                                                            {"live", "risk"},
                                                            {"slots", "risk"},
                                                            {"log"},
                                                            {"diff", "risk/3", "risk/3"},
                                                            {"whoami"},
                                                            {"user", "list"},
                                                            {"user", "create", "dana"},
                                                            {"token", "list"},
                                                            {"token", "create", "--user", "dana"},
                                                            {"token", "revoke", "4f"},
                                                            {"login", server.url(), "--token", "t"},
                                                            {"version"},
                                                            {"completion", "bash"}};
    for (std::vector<std::string> command : commands) {
        const Outcome people = baton(command);
        EXPECT_EQ(people.code, 0) << testing::PrintToString(command) << people.err;
        EXPECT_NE(people.out, "") << testing::PrintToString(command);
        command.push_back("--json");
        const Outcome outcome = baton(command);
        EXPECT_EQ(outcome.code, 0) << testing::PrintToString(command) << outcome.err;
        EXPECT_TRUE(Json::accept(outcome.out)) << testing::PrintToString(command) << outcome.out;
    }
    for (const FakeRequest& request : server.requests()) {
        const bool mutation = request.method != "GET" && request.method != "HEAD";
        const bool secret = request.method == "POST" && request.path() == "/api/v1/tokens";
        EXPECT_EQ(mutation && !secret, request.header("idempotency-key") != "") << request.method << request.target;
    }
}

TEST_F(VerbTest, ErrorsAreDocumentsToo) {
    const Outcome outcome = baton({"show", "nothing", "--json"});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_EQ(Json::parse(outcome.out)["error"]["code"], "not_found");
    EXPECT_THAT(outcome.err, HasSubstr("error: "));
}

TEST_F(VerbTest, NobodyThereIsExitSeven) {
    const Outcome outcome = baton({"list", "--server", "http://127.0.0.1:1"});
    EXPECT_EQ(outcome.code, 7);
    EXPECT_THAT(outcome.err, HasSubstr("hint: "));
}

TEST_F(VerbTest, SomethingElseThanBatonIsSaidSo) {
    server.on("GET /api/v1/whoami", "<html>hello</html>");
    const Outcome outcome = baton({"whoami"});
    EXPECT_EQ(outcome.code, 7);
    EXPECT_THAT(outcome.err, HasSubstr("no Baton server"));
}

TEST_F(VerbTest, WrongUsageIsExitTwoWithAHint) {
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{},
                                               {"frobnicate"},
                                               {"show"},
                                               {"token"},
                                               {"list", "--nope"},
                                               {"predict", "risk", "-", "--format", "xml"},
                                               {"show", "/3"},
                                               {"request", "risk"}}) {
        const Outcome outcome = baton(arguments);
        EXPECT_EQ(outcome.code, 2) << testing::PrintToString(arguments);
        EXPECT_THAT(outcome.err, HasSubstr("error: "));
        EXPECT_THAT(outcome.err, HasSubstr("hint: "));
        EXPECT_EQ(outcome.out, "");
    }
    EXPECT_THAT(baton({"frobnicate"}).err, HasSubstr("no verb 'frobnicate'"));
    EXPECT_THAT(baton({"token", "create"}).err, HasSubstr("hint: baton token create --help"));
}

TEST_F(VerbTest, ColoursOnlyOnATerminalAndNotAgainstOnesWill) {
    server.on("GET /api/v1/models", R"({"items":[{"name":"a"}]})");
    EXPECT_THAT(baton({"list"}).out, Not(HasSubstr("\x1b")));
    on_terminal = true;
    EXPECT_THAT(baton({"list"}).out, HasSubstr("\x1b[1m"));
    environment["NO_COLOR"] = "1";
    EXPECT_THAT(baton({"list"}).out, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace baton::cli
