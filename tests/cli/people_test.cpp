// Users and tokens.
#include "tests/cli/verb_fixture.h"

namespace baton::cli {
namespace {

using testing::HasSubstr;

TEST_F(VerbTest, UserEditSendsWhatWasGivenAndNothingElse) {
    server.on("PATCH /api/v1/users/dana", R"({"name":"dana","roles":["viewer"],"disabled":true})");
    const Outcome outcome = baton({"user", "edit", "dana", "--disable"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "user dana (viewer), disabled\n");
    ASSERT_EQ(baton({"user", "edit", "dana", "--enable", "--role", "viewer", "--role", "approver"}).code, 0);
    const auto requests = server.requests("PATCH /api/v1/users/dana");
    EXPECT_EQ(Json::parse(requests.at(0).body), (Json{{"disabled", true}}));
    EXPECT_EQ(Json::parse(requests.at(1).body), (Json{{"roles", {"viewer", "approver"}}, {"disabled", false}}));
    EXPECT_EQ(baton({"user", "edit", "dana"}).code, 2);
    EXPECT_EQ(baton({"user", "edit", "dana", "--enable", "--disable"}).code, 2);
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

}  // namespace
}  // namespace baton::cli
