#include <thread>

#include "registry/identity.h"
#include "registry/storage/database.h"
#include "tests/registry/fixture.h"

namespace baton::registry {
namespace {

using testing::ElementsAre;

class AuthenticatorTest : public StoreTest {
protected:
    CreatedToken make(const std::string& user, std::chrono::seconds expires_in = std::chrono::days(90)) {
        NewToken wanted{.user = user_name(user), .name = "test"};
        wanted.expires_in = expires_in;
        wanted.models = {"credit-*"};
        return write("root", [&](Transaction& t) { return create_token(t, wanted); }).value();
    }
    void edit(const std::string& user, const UserEdit& change) {
        ASSERT_THAT(write("root", [&](Transaction& t) { return edit_user(t, user_name(user), change); }), is_ok());
    }

    Authenticator authenticator_{store(), clock()};
};

TEST_F(AuthenticatorTest, KnowsWhoASecretBelongsTo) {
    const CreatedToken token = make("ada");
    for (int round = 0; round < 2; ++round) {  // from the table, then from the cache
        const auto found = authenticator_.authenticate(token.secret);
        ASSERT_THAT(found, is_ok());
        EXPECT_EQ(found->user.text(), "ada");
        EXPECT_EQ(found->token_id, token.token.id);
        EXPECT_THAT(found->roles, ElementsAre(Role::developer));
        EXPECT_THAT(found->models, ElementsAre("credit-*"));
    }
}

TEST_F(AuthenticatorTest, RefusesAllOthersWithOneMessage) {
    const CreatedToken expired = make("ada", std::chrono::seconds(10));
    const CreatedToken revoked = make("ada");
    ASSERT_THAT(authenticator_.authenticate(expired.secret), is_ok());
    ASSERT_THAT(write("ada", [&](Transaction& t) { return revoke_token(t, revoked.token.id); }), is_ok());
    clock().advance(std::chrono::seconds(10));
    std::set<std::string> messages;
    for (const std::string& secret :
         {std::string(), std::string("x"), std::string(100'000, 'x'), make_token_secret(std::string(32, 'r')),
          expired.secret, revoked.secret, revoked.secret.substr(0, 12), expired.secret + " "}) {
        const auto found = authenticator_.authenticate(secret);
        EXPECT_THAT(found, fails_with(Code::unauthenticated)) << secret;
        if (!found.ok()) messages.insert(found.error().message + found.error().hint);
    }
    EXPECT_EQ(messages.size(), 1U);
}

TEST_F(AuthenticatorTest, ATokenExpiresByTheClockEvenFromTheCache) {
    const CreatedToken token = make("ada", std::chrono::seconds(10));
    ASSERT_THAT(authenticator_.authenticate(token.secret), is_ok());
    clock().advance(std::chrono::microseconds(9'999'999));
    EXPECT_THAT(authenticator_.authenticate(token.secret), is_ok());
    clock().advance(std::chrono::microseconds(1));
    EXPECT_THAT(authenticator_.authenticate(token.secret), fails_with(Code::unauthenticated));
}

TEST_F(AuthenticatorTest, ChangesOfUsersAndTokensHoldAtOnce) {
    const CreatedToken first = make("ada");
    ASSERT_THAT(authenticator_.authenticate(first.secret), is_ok());
    const CreatedToken second = make("ada");
    EXPECT_THAT(authenticator_.authenticate(second.secret), is_ok());
    edit("ada", {.disabled = true});
    EXPECT_THAT(authenticator_.authenticate(first.secret), fails_with(Code::unauthenticated));
    edit("ada", {.disabled = false});
    EXPECT_THAT(authenticator_.authenticate(first.secret), is_ok());
    edit("ada", {.roles = Roles{Role::viewer, Role::approver}});
    EXPECT_TRUE(authenticator_.authenticate(first.secret)->roles.empty()) << "the token was made for a developer";
    ASSERT_THAT(write("ada", [&](Transaction& t) { return revoke_token(t, first.token.id); }), is_ok());
    EXPECT_THAT(authenticator_.authenticate(first.secret), fails_with(Code::unauthenticated));
}

TEST_F(AuthenticatorTest, AChangeThatIsRolledBackChangesNothing) {
    const CreatedToken token = make("ada");
    int changes = 0;
    store().on_identity_change([&] { ++changes; });
    EXPECT_THAT(write("ada",
                      [&](Transaction& t) -> Status {
                          BATON_TRY(revoke_token(t, token.token.id));
                          return not_found("changed my mind");
                      }),
                fails_with(Code::not_found));
    EXPECT_EQ(changes, 0);
    EXPECT_THAT(authenticator_.authenticate(token.secret), is_ok());
}

TEST_F(AuthenticatorTest, RecordsWhenTokensWereUsed) {
    const CreatedToken token = make("ada");
    const auto last_used = [&] {
        return read([&](const Snapshot& s) { return get_token(s, caller("root"), token.token.id); })->last_used_at;
    };
    EXPECT_THAT(authenticator_.record_use(store()), is_ok());
    EXPECT_EQ(last_used(), std::nullopt);
    clock().advance(std::chrono::minutes(5));
    const Timestamp used = clock().now();
    ASSERT_THAT(authenticator_.authenticate(token.secret), is_ok());
    make("dan");  // rereads, and must not forget
    clock().advance(std::chrono::minutes(5));
    ASSERT_THAT(authenticator_.authenticate("x"), fails_with(Code::unauthenticated));
    EXPECT_THAT(authenticator_.record_use(store()), is_ok());
    EXPECT_EQ(last_used(), used);
}

TEST_F(AuthenticatorTest, RefusesAllWhileUsersCannotBeReadAndReadsThemOnlyWhenAsked) {
    const CreatedToken token = make("ada");
    const auto execute = [&](std::string_view sql) {
        return write("root", [&](Transaction& t) -> Status {
            t.connection().execute(sql);
            t.observer().identity_changed();
            return {};
        });
    };
    ASSERT_THAT(execute("ALTER TABLE tokens RENAME TO elsewhere"), is_ok());
    Authenticator late(store(), clock());
    EXPECT_THAT(late.authenticate(token.secret), fails_with(Code::unavailable));
    EXPECT_FALSE(late.catch_up().ok());
    ASSERT_THAT(execute("ALTER TABLE elsewhere RENAME TO tokens"), is_ok());
    EXPECT_THAT(late.authenticate(token.secret), fails_with(Code::unavailable));
    EXPECT_THAT(late.catch_up(), is_ok());
    EXPECT_THAT(late.authenticate(token.secret), is_ok());
}

TEST_F(AuthenticatorTest, UseThatCouldNotBeRecordedIsRecordedLater) {
    const std::vector<CreatedToken> tokens = {make("ada"), make("dan")};
    for (const CreatedToken& token : tokens) ASSERT_THAT(authenticator_.authenticate(token.secret), is_ok());
    const auto execute = [&](std::string_view sql) {
        return write("root", [&](Transaction& t) -> Status {
            t.connection().execute(sql);
            return {};
        });
    };
    ASSERT_THAT(execute("CREATE TRIGGER no_second BEFORE UPDATE ON tokens"
                        " WHEN EXISTS (SELECT 1 FROM tokens WHERE last_used_at IS NOT NULL)"
                        " BEGIN SELECT RAISE(ABORT, 'broken'); END"),
                is_ok());
    EXPECT_THAT(authenticator_.record_use(store()), fails_with(Code::internal));
    ASSERT_THAT(execute("DROP TRIGGER no_second"), is_ok());
    EXPECT_THAT(authenticator_.record_use(store()), is_ok());
    for (const CreatedToken& token : tokens) {
        const auto recorded = read([&](const Snapshot& s) { return get_token(s, caller("root"), token.token.id); });
        EXPECT_EQ(recorded->last_used_at, clock().now()) << token.token.user.text();
    }
}

// Threads authenticate while tokens come and go: a secret that is valid throughout is never refused, and one whose
// revocation was answered is never accepted.
TEST_F(AuthenticatorTest, StaysTrueWhileTokensChange) {
    const CreatedToken steady = make("ada");
    std::atomic<bool> done = false;
    std::atomic<int> refused = 0;
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) {
        readers.emplace_back([&] {
            while (!done) refused += authenticator_.authenticate(steady.secret).ok() ? 0 : 1;
        });
    }
    for (int i = 0; i < 30; ++i) {
        const CreatedToken passing = make("dan");
        EXPECT_THAT(authenticator_.authenticate(passing.secret), is_ok());
        EXPECT_THAT(write("dan", [&](Transaction& t) { return revoke_token(t, passing.token.id); }), is_ok());
        EXPECT_THAT(authenticator_.authenticate(passing.secret), fails_with(Code::unauthenticated));
    }
    done = true;
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(refused, 0);
}

}  // namespace
}  // namespace baton::registry
