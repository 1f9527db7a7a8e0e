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

TEST_F(VerbTest, DiffLeavesOutWhatIsTheSame) {
    server.on("GET /api/v1/models/risk/diff", R"({"model":"risk","from":{"version":2},"to":{"version":3},
        "metrics":{"same":{"from":0.1,"to":0.1,"delta":0.0},"rows":{"from":442.0,"to":443.0,"delta":1.0},
        "r2":{"from":0.12345678901234,"to":null,"delta":null}}})");
    const Outcome outcome = baton({"diff", "risk/2", "risk/3"});
    EXPECT_THAT(outcome.out, Not(HasSubstr("same")));
    EXPECT_THAT(outcome.out, HasSubstr("metric  rows       442  443       1\n"));
    EXPECT_THAT(outcome.out, HasSubstr("metric  r2    0.123457    -\n"));
}

TEST_F(VerbTest, ReportsShowIntervalsBaselinesAndSlices) {
    server.on("GET /api/v1/models/risk/versions/3/reports", R"({"items":[{"id":1,"trust":"reported","task":"binary",
        "dataset":{"name":"validation","context":"validation","rows":442},
        "metrics":{"accuracy":0.91111111111,"example_count":442.0},
        "ci":{"accuracy":{"lower":0.881234567,"upper":0.93,"level":0.95}},
        "baselines":{"best_constant":{"accuracy":0.5}},
        "slices":[{"column":"sex","value":"1","rows":20,"metrics":{"accuracy":0.8}}],
        "per_class_metrics":{"yes":{"recall":0.75}}}]})");
    const Outcome outcome = baton({"report", "show", "risk/3"});
    EXPECT_THAT(outcome.out, HasSubstr("data set  validation\n"));
    EXPECT_THAT(outcome.out, HasSubstr("METRIC            VALUE  INTERVAL                 best_constant\n"
                                       "accuracy       0.911111  0.881235 to 0.93 (95 %)            0.5\n"
                                       "example_count       442\n"));
    EXPECT_THAT(outcome.out, HasSubstr("SLICE    ROWS  accuracy\nsex = 1    20       0.8\n"));
    EXPECT_THAT(outcome.out, HasSubstr("CLASS  recall\nyes      0.75\n"));
}

TEST_F(VerbTest, WhoamiShowsLimitsAndEnd) {
    server.on("GET /api/v1/whoami", R"({"user":"ci","roles":["viewer"],"models":["credit-*","iris"],"environments":[],
        "expires_at":"2026-01-02T03:04:05.000000Z"})");
    const std::string out = baton({"whoami"}).out;
    EXPECT_THAT(out, HasSubstr("models        only credit-*, iris\n"));
    EXPECT_THAT(out, HasSubstr("environments  all\n"));
    EXPECT_THAT(out, HasSubstr("expires       2026-01-02 03:04:05Z\n"));
}

TEST_F(VerbTest, ARollbackThatCannotBeLoadedSaysWhy) {
    server.on("GET /api/v1/live", R"({"revision":1,"slots":[{"model":"risk","environment":"production","version":2,
        "serving":"failed","rollback_of":3,"message":"the blob is gone"}]})");
    EXPECT_THAT(baton({"live"}).out, HasSubstr("rolled back from 3; the blob is gone\n"));
}

TEST_F(VerbTest, NamesThatDoNotExistAreExitThree) {
    server.on("GET /api/v1/live", R"({"revision":1,"slots":[]})");
    server.on("GET /api/v1/audit", R"({"items":[]})");
    EXPECT_EQ(baton({"live", "nope"}).code, 3);
    EXPECT_EQ(baton({"log", "nope"}).code, 3);
    server.on("GET /api/v1/models/nope", R"({"name":"nope"})");
    EXPECT_EQ(baton({"live", "nope"}).code, 0);
    EXPECT_EQ(baton({"log", "nope"}).code, 0);
}

TEST_F(VerbTest, TextThatIsNoUtf8IsNotMended) {
    const Outcome outcome = baton({"comment", "7", "caf\xe9"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("UTF-8"));
    EXPECT_TRUE(server.requests("POST /api/v1/requests/7/comments").empty());
}

TEST_F(VerbTest, AnErrorOfOneFieldIsSaidOnce) {
    server.on("GET /api/v1/models", R"({"code":"invalid_argument","detail":"filter: no such name",
        "errors":[{"field":"filter","message":"no such name"}]})",
              400);
    EXPECT_EQ(baton({"list"}).err, "error: filter: no such name\n");
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

// Something to say for whatever is asked about the model risk.
void answer_everything(FakeServer& server) {
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
}

// Each verb that ends, once; `report` is a file to attach.
std::vector<std::vector<std::string>> commands_of_all_verbs(const std::string& url, const std::string& report) {
    return {{"list"},
            {"list", "risk"},
            {"show", "risk"},
            {"show", "risk/3"},
            {"search", "stage = 'live'"},
            {"report", "add", "risk/3", report},
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
            {"login", url, "--token", "t"},
            {"version"},
            {"completion", "bash"}};
}

TEST_F(VerbTest, JsonIsExactlyOneDocument) {
    answer_everything(server);
    const std::string report = write("report.json", "{}").string();
    for (std::vector<std::string> command : commands_of_all_verbs(server.url(), report)) {
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
                                               {"slots", ""},
                                               {"live", ""},
                                               {"list", "../x"},
                                               {"rollback", "risk", "--to", "0", "--reason", "x"},
                                               {"requests", "--state", "ajar"},
                                               {"register", "../x", "file"},
                                               {"request", "risk"}}) {
        const Outcome outcome = baton(arguments);
        EXPECT_EQ(outcome.code, 2) << testing::PrintToString(arguments);
        EXPECT_THAT(outcome.err, HasSubstr("error: "));
        EXPECT_THAT(outcome.err, HasSubstr("hint: "));
        EXPECT_EQ(outcome.out, "");
    }
    EXPECT_THAT(baton({"frobnicate"}).err, HasSubstr("no verb 'frobnicate'"));
    EXPECT_THAT(baton({"rollback", "risk", "--to", "0", "--reason", "x"}).err, HasSubstr("'0' is no version"));
    EXPECT_THAT(baton({"register", "../x", "file"}).err, HasSubstr("1 to 128 letters"));
    EXPECT_THAT(baton({"token"}).err, HasSubstr("error: name one of its verbs: create, list, revoke"));
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
