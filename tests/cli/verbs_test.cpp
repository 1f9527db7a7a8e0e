// What holds for all verbs, and the verbs that show things.
#include "tests/cli/verb_fixture.h"

namespace baton::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

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
    EXPECT_EQ(outcome.err,
              "note: the version does not say what its columns are called, so they are taken in the order of the file: "
              "a, b\nrisk/3\n");
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
    server.on("PATCH /api/v1/users/dana", R"({"name":"dana","roles":["developer"]})");
    server.on("PUT /api/v1/models/risk/aliases/champion", R"({"name":"risk"})");
    server.on("DELETE /api/v1/models/risk/aliases/champion", "{}");
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
                                                            {"withdraw", "7"},
                                                            {"promote", "7"},
                                                            {"alias", "set", "risk/3", "champion"},
                                                            {"alias", "remove", "risk@champion"},
                                                            {"alias", "list", "risk"},
                                                            {"user", "edit", "dana", "--disable"},
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
