// The verbs of the handoff: what they send, and to which request.
#include "tests/cli/verb_fixture.h"

namespace baton::cli {
namespace {

using testing::HasSubstr;

TEST_F(VerbTest, ApproveSendsTheDigestOfTheRequest) {
    const Outcome outcome = baton({"approve", "7", "--comment", "fine"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(sent("POST /api/v1/requests/7/approvals"), (Json{{"digest", "sha256:aa"}, {"comment", "fine"}}));
    EXPECT_THAT(outcome.err, HasSubstr("risk/3 (sha256:aa) for production"));
    EXPECT_THAT(outcome.out, HasSubstr("approved risk/3 for production"));
    EXPECT_THAT(outcome.out, HasSubstr("still needed: 0 of 1 approvals"));
}

TEST_F(VerbTest, ApproveSendsTheSubjectThatTheRequestShows) {
    Json request = Json::parse(request_seven);
    request["subject_digest"] = "sha256:cc";
    server.on("GET /api/v1/requests/7", request.dump());
    ASSERT_EQ(baton({"approve", "7"}).code, 0);
    EXPECT_EQ(sent("POST /api/v1/requests/7/approvals"),
              (Json{{"digest", "sha256:aa"}, {"comment", ""}, {"subject_digest", "sha256:cc"}}));
}

TEST_F(VerbTest, WithdrawTakesOnesRequestBack) {
    const Outcome outcome = baton({"withdraw", "risk/3"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(sent("POST /api/v1/requests/7/withdrawal"), Json::object());
    EXPECT_EQ(outcome.out, "withdrew risk/3 for production (request 7)\n");
    EXPECT_EQ(baton({"withdraw", "risk/3", "--env", "staging"}).code, 3);
}

TEST_F(VerbTest, AliasesAreSetByNumberWhateverTheReference) {
    server.on("PUT /api/v1/models/risk/aliases/champion", R"({"name":"risk","aliases":{"champion":3}})");
    server.on("DELETE /api/v1/models/risk/aliases/champion", "{}");
    server.on("GET /api/v1/models/risk/versions/live", R"({"model":"risk","version":3})");
    const Outcome set = baton({"alias", "set", "risk/live", "champion"});
    ASSERT_EQ(set.code, 0) << set.err;
    EXPECT_EQ(set.out, "risk@champion is risk/3\n");
    EXPECT_EQ(sent("PUT /api/v1/models/risk/aliases/champion"), (Json{{"version", 3}}));
    EXPECT_EQ(baton({"alias", "remove", "risk@champion"}).out, "removed risk@champion\n");
    EXPECT_EQ(baton({"alias", "remove", "risk/3"}).code, 2);
    server.on("GET /api/v1/models/risk", R"({"name":"risk","aliases":{"champion":3,"b":1}})");
    EXPECT_EQ(baton({"alias", "list", "risk"}).out,
              "ALIAS          VERSION\nrisk@champion        3\nrisk@b               1\n");
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

TEST_F(VerbTest, WaitingForWhatIsNotServedIsAnError) {
    server.on("POST /api/v1/models/risk/rollback", slot);
    const std::vector<std::vector<std::string>> commands = {{"promote", "7", "--wait"},
                                                            {"rollback", "risk", "--reason", "slow", "--wait"}};
    for (const auto& command : commands) EXPECT_EQ(baton(command).code, 0) << testing::PrintToString(command);
    EXPECT_EQ(server.requests("POST /api/v1/models/risk/rollback").at(0).target,
              "/api/v1/models/risk/rollback?wait=ready");

    constexpr const char* failed =
        R"({"model":"risk","environment":"production","version":3,"serving":"failed","message":"bytes have changed"})";
    for (const char* route : {"POST /api/v1/requests/7/promotion", "POST /api/v1/models/risk/rollback"}) {
        server.on(route, failed);
    }
    for (auto command : commands) {
        const Outcome outcome = baton(command);
        EXPECT_EQ(outcome.code, 7) << testing::PrintToString(command);
        EXPECT_THAT(outcome.out, HasSubstr("risk/3 is live in production (failed)"));
        EXPECT_THAT(outcome.err, HasSubstr("error: risk/3 could not be loaded: bytes have changed\n"));
        EXPECT_THAT(outcome.err, HasSubstr("hint: "));
        command.push_back("--json");
        const Outcome document = baton(command);
        EXPECT_EQ(document.code, 7);
        EXPECT_EQ(Json::parse(document.out)["serving"], "failed");
    }
    EXPECT_EQ(baton({"promote", "7"}).code, 0) << "nobody asked";

    server.on("POST /api/v1/requests/7/promotion",
              R"({"model":"risk","environment":"production","version":3,"serving":"loading"})");
    const Outcome slow = baton({"promote", "7", "--wait"});
    EXPECT_EQ(slow.code, 7);
    EXPECT_THAT(slow.err, HasSubstr("risk/3 is still loading"));
    EXPECT_EQ(baton({"promote", "7"}).code, 0);
}

TEST_F(VerbTest, WaitingForACandidateThatIsNotServedIsAnError) {
    const auto traffic = [](const char* live, const char* canary, const char* shadow) {
        const auto rule = [](const char* serving) -> Json {
            if (serving == nullptr) return nullptr;
            return {{"version", 4}, {"percent", 5.0}, {"sample", 5.0}, {"serving", serving}, {"message", "no room"}};
        };
        return Json{{"model", "risk"},
                    {"environment", "production"},
                    {"live", rule(live)},
                    {"canary", rule(canary)},
                    {"shadow", rule(shadow)}}
            .dump();
    };
    const std::string rules = "PUT /api/v1/models/risk/traffic";
    const std::string end = "POST /api/v1/models/risk/traffic/end";
    const std::vector<std::string> canary = {"canary", "risk/4", "--percent", "5", "--wait"};
    const std::vector<std::string> shadow = {"shadow", "risk/4", "--wait"};
    server.on(rules, traffic("ready", "failed", "ready"));
    const Outcome outcome = baton(canary);
    EXPECT_EQ(outcome.code, 7);
    EXPECT_THAT(outcome.err, HasSubstr("error: risk/4 could not be loaded: no room\n"));
    EXPECT_EQ(baton(shadow).code, 0);
    EXPECT_EQ(baton({"canary", "risk/4", "--percent", "5"}).code, 0);
    server.on(rules, traffic("failed", "ready", "failed"));
    EXPECT_EQ(baton(canary).code, 0);
    EXPECT_EQ(baton(shadow).code, 7);

    server.on(end, traffic("failed", nullptr, nullptr));
    EXPECT_EQ(baton({"canary", "risk", "--end", "promote", "--wait"}).code, 7);
    EXPECT_EQ(baton({"canary", "risk", "--end", "promote"}).code, 0);
    EXPECT_EQ(baton({"canary", "risk", "--end", "abort", "--reason", "slow", "--wait"}).code, 0) << "nothing is loaded";
}

TEST_F(VerbTest, TheHeaderOfACanaryIsSentOnlyWhenItIsNamed) {
    const std::string rules = "PUT /api/v1/models/risk/traffic";
    server.on(rules, R"({"model":"risk","environment":"production","live":null,"canary":null,"shadow":null})");
    const auto sent_with = [&](const std::vector<std::string>& header) {
        std::vector<std::string> words = {"canary", "risk/4", "--percent", "5"};
        words.insert(words.end(), header.begin(), header.end());
        EXPECT_EQ(baton(words).code, 0);
        return Json::parse(server.requests(rules).back().body).at("canary");
    };
    EXPECT_EQ(sent_with({"--header", "X-User"}).at("header"), "X-User");
    EXPECT_EQ(sent_with({"--header", ""}).at("header"), "") << "the canary shall have none any more";
    EXPECT_FALSE(sent_with({}).contains("header")) << "the canary keeps what it has";
}

}  // namespace
}  // namespace baton::cli
