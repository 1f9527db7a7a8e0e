#include "registry/identity.h"

#include <random>

#include "registry/audit.h"
#include "registry/storage/database.h"
#include "tests/registry/fixture.h"

namespace baton::registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TokenFormatTest, ChecksumOfTheReferenceVector) {
    EXPECT_TRUE(has_token_form("btp_0123456789ABCDEFGHIJKLMNOPQRST4PMbyp"));
    for (const std::string bad :
         {"btp_0123456789ABCDEFGHIJKLMNOPQRST4PMbyq", "btp_1123456789ABCDEFGHIJKLMNOPQRST4PMbyp",
          "btx_0123456789ABCDEFGHIJKLMNOPQRST4PMbyp", "0123456789ABCDEFGHIJKLMNOPQRST4PMbyp",
          "btp_0123456789ABCDEFGHIJKLMNOPQRST4PMby", "btp_0123456789ABCDEFGHIJKLMNOPQRST4PMbypp",
          "btp_0123456789ABCDEFGHIJKLMNOPQRST4PMby-", "btp_", "", "btp_ 0123456789ABCDEFGHIJKLMNOPQRST4PMbyp"})
        EXPECT_FALSE(has_token_form(bad)) << bad;
    for (const std::string prefix : {"bts_", "btd_", "bti_"})
        EXPECT_TRUE(has_token_form(prefix + "0123456789ABCDEFGHIJKLMNOPQRST4PMbyp"));
}

TEST(TokenFormatTest, SecretsAreOfTheFormAndUseTheWholeAlphabetEvenly) {
    std::mt19937 random(3);
    std::set<std::string> secrets;
    std::map<char, int> letters;
    constexpr int count = 2000;
    for (int i = 0; i < count; ++i) {
        std::string bytes(32, '\0');
        for (char& byte : bytes) byte = static_cast<char>(random());
        const std::string secret = make_token_secret(bytes);
        EXPECT_TRUE(has_token_form(secret)) << secret;
        EXPECT_TRUE(secret.starts_with("btp_"));
        for (const char c : secret.substr(4, 30)) ++letters[c];
        secrets.insert(secret);
    }
    EXPECT_EQ(secrets.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(letters.size(), 62U);
    const double expected = count * 30 / 62.0;
    for (const auto& [letter, times] : letters) EXPECT_NEAR(times, expected, expected * 0.2) << letter;
}

class IdentityTest : public StoreTest {
protected:
    Result<CreatedToken> make(const Caller& by, const NewToken& wanted) {
        return write(as(by), [&](Transaction& t) { return create_token(t, wanted); });
    }
    std::vector<std::string> tokens_seen_by(const Caller& who) {
        std::vector<std::string> owners;
        const auto page = read([&](const Snapshot& s) { return list_tokens(s, who, {.order_by = "user"}); });
        for (const Token& token : page.value().items) owners.push_back(token.user.text());
        return owners;
    }
};

TEST_F(IdentityTest, AFreshStoreGetsOneAdmin) {
    TemporaryFolder folder_of_its_own;
    const auto store = Store::open(folder_of_its_own.path(), clock()).value();
    const auto created = bootstrap_admin(*store);
    ASSERT_THAT(created, is_ok());
    ASSERT_TRUE(created->has_value());
    EXPECT_EQ((*created)->token.user.text(), "admin");
    EXPECT_THAT((*created)->token.roles, ElementsAre(Role::admin));
    const auto caller = Authenticator(*store, clock()).authenticate((*created)->secret);
    ASSERT_THAT(caller, is_ok());
    EXPECT_TRUE(caller->has(Role::admin));
    EXPECT_FALSE(bootstrap_admin(*store).value().has_value()) << "only once";
    EXPECT_FALSE(bootstrap_admin(this->store()).value().has_value()) << "not where users are";
    EXPECT_THAT(store->check().value(), IsEmpty());
}

TEST_F(IdentityTest, AdminsCreateUsers) {
    const auto create = [&](const std::string& by, const std::string& name, const Roles& roles) {
        return write(by, [&](Transaction& t) { return create_user(t, user_name(name), roles); });
    };
    EXPECT_THAT(create("root", "eve", {Role::viewer, Role::approver})->roles,
                ElementsAre(Role::viewer, Role::approver));
    EXPECT_THAT(create("root", "eve", {Role::viewer}), fails_with(Code::already_exists));
    EXPECT_THAT(create("ada", "max", {Role::viewer}), fails_with(Code::permission_denied));
    EXPECT_THAT(create("root", "max", {}), fails_with(Code::invalid_argument));
    EXPECT_THAT(create("root", "system", {Role::viewer}), fails_with(Code::invalid_argument));
    const auto list = [&](const std::string& by, const PageRequest& page) {
        return read([&](const Snapshot& s) { return list_users(s, caller(by), page); });
    };
    EXPECT_EQ(list("root", {})->items.size(), 8U);
    EXPECT_EQ(list("root", {.filter = "roles LIKE '%approver%'"})->items.size(), 3U);
    EXPECT_THAT(list("ada", {}), fails_with(Code::permission_denied));
}

TEST_F(IdentityTest, TheLastAdminStays) {
    const auto edit = [&](const std::string& name, const UserEdit& change) {
        return write("root", [&](Transaction& t) { return edit_user(t, user_name(name), change); });
    };
    EXPECT_THAT(edit("root", {.disabled = true}), fails_saying(Code::failed_precondition, "no admin"));
    EXPECT_THAT(edit("root", {.roles = Roles{Role::viewer}}), fails_with(Code::failed_precondition));
    EXPECT_THAT(edit("ada", {.roles = Roles{Role::admin}}), is_ok());
    EXPECT_THAT(edit("root", {.disabled = true}), is_ok());
    EXPECT_THAT(edit("nobody", {.disabled = true}), fails_with(Code::not_found));
    EXPECT_THAT(
        write("ada", [](Transaction& t) { return edit_user(t, user_name("vic"), {.roles = Roles{Role::admin}}); }),
        fails_with(Code::permission_denied))
        << "the roles are those the token was made with";
}

TEST_F(IdentityTest, AnEditThatChangesNothingLeavesNoEntry) {
    const auto entries_after = [&](const UserEdit& change) {
        EXPECT_THAT(write("root", [&](Transaction& t) { return edit_user(t, user_name("vic"), change); }), is_ok());
        return read([&](const Snapshot& s) {
                   return list_audit(s, caller("root"), {.filter = "action = 'user.changed'"}, 0);
               })
            ->items.size();
    };
    EXPECT_EQ(entries_after({}), 0U);
    EXPECT_EQ(entries_after({.roles = Roles{Role::viewer}, .disabled = false}), 0U);
    EXPECT_EQ(entries_after({.disabled = true}), 1U);
}

TEST_F(IdentityTest, ATokenIsStoredWithoutItsSecret) {
    const auto created = make(caller("ada"), {.user = user_name("ada"), .name = "laptop"});
    ASSERT_THAT(created, is_ok());
    EXPECT_EQ(created->token.id, created->secret.substr(0, 12));
    EXPECT_EQ(created->token.expires_at, clock().now() + std::chrono::days(90));
    const auto rows = read([](const Snapshot& s) -> Result<std::vector<storage::Row>> {
        return s.connection().query("SELECT secret_hash FROM tokens");
    });
    EXPECT_EQ(rows->at(0).text(0), sha256(created->secret).hex());
    const auto entries = read(
        [&](const Snapshot& s) { return list_audit(s, caller("root"), {.filter = "action = 'token.created'"}, 0); });
    ASSERT_EQ(entries->items.size(), 1U);
    EXPECT_THAT(entries->items[0].details,
                testing::IsSupersetOf(std::map<std::string, std::string>{
                    {"models", "*"}, {"environments", "*"}, {"expires_at", "2026-04-01T00:00:00.000000Z"}}));
    EXPECT_EQ(canonical_audit_entry(entries->items[0]).find(created->secret.substr(12)), std::string::npos);
}

TEST_F(IdentityTest, ASelfMadeTokenDoesNotOutliveTheCallingOne) {
    Caller brief = caller("ada");
    brief.expires_at = clock().now() + std::chrono::days(7);
    NewToken wanted{.user = user_name("ada"), .name = "ci"};
    EXPECT_EQ(make(brief, wanted)->token.expires_at, brief.expires_at) << "nothing asked for: as long as may be";
    wanted.expires_in = std::chrono::days(7);
    EXPECT_EQ(make(brief, wanted)->token.expires_at, brief.expires_at);
    wanted.expires_in = std::chrono::days(1);
    EXPECT_EQ(make(brief, wanted)->token.expires_at, clock().now() + std::chrono::days(1));
    wanted.expires_in = std::chrono::days(7) + std::chrono::seconds(1);
    EXPECT_THAT(make(brief, wanted), fails_saying(Code::permission_denied, "outlive"));

    Caller admin = caller("root");
    admin.expires_at = brief.expires_at;
    EXPECT_THAT(make(admin, wanted), is_ok()) << "an admin's token for others is not a copy of their own";
}

TEST_F(IdentityTest, ATokenKnowsItsEnd) {
    NewToken wanted{.user = user_name("ada"), .name = {}};
    wanted.expires_in = std::chrono::hours(1);
    const auto created = make(caller("root"), wanted);
    const auto found = Authenticator(store(), clock()).authenticate(created->secret);
    ASSERT_THAT(found, is_ok());
    EXPECT_EQ(found->expires_at, clock().now() + std::chrono::hours(1));
}

TEST_F(IdentityTest, ASelfMadeTokenHasNoMoreRightsThanTheCallingOne) {
    Caller narrow = caller("ada");
    narrow.models = {"credit-*"};
    narrow.environments = {"staging"};
    NewToken wanted{.user = user_name("ada"), .name = "ci"};
    const auto inherited = make(narrow, wanted);
    ASSERT_THAT(inherited, is_ok());
    EXPECT_THAT(inherited->token.models, ElementsAre("credit-*"));
    EXPECT_THAT(inherited->token.environments, ElementsAre("staging"));
    EXPECT_THAT(inherited->token.roles, ElementsAre(Role::developer));
    for (const std::string inside : {"credit-risk", "credit-*", "credit-a*"}) {
        wanted.models = {inside};
        EXPECT_THAT(make(narrow, wanted), is_ok()) << inside;
    }
    for (const std::string outside : {"*", "credit*", "fraud", "*credit-x"}) {
        wanted.models = {"credit-x", outside};
        EXPECT_THAT(make(narrow, wanted), fails_saying(Code::permission_denied, outside)) << outside;
    }
    wanted.models = {};
    wanted.environments = {"production"};
    EXPECT_THAT(make(narrow, wanted), fails_saying(Code::permission_denied, "production"));
    wanted.environments = {};
    wanted.roles = Roles{Role::developer, Role::viewer};
    EXPECT_THAT(make(narrow, wanted), fails_with(Code::permission_denied));
    Caller viewer_token = caller("root");
    viewer_token.roles = {Role::viewer};
    EXPECT_THAT(make(viewer_token, {.user = user_name("root"), .name = "", .roles = Roles{Role::admin}}),
                fails_with(Code::permission_denied));
}

TEST_F(IdentityTest, OnlyAdminsMakeTokensForOthersWithinTheRolesOfThose) {
    EXPECT_THAT(make(caller("ada"), {.user = user_name("dan"), .name = ""}), fails_with(Code::permission_denied));
    EXPECT_THAT(make(caller("root"), {.user = user_name("dan"), .name = ""})->token.roles,
                ElementsAre(Role::developer));
    EXPECT_THAT(make(caller("root"), {.user = user_name("dan"), .name = "", .roles = Roles{Role::approver}}),
                fails_with(Code::permission_denied));
    EXPECT_THAT(make(caller("root"), {.user = user_name("nobody"), .name = ""}), fails_with(Code::not_found));
}

TEST_F(IdentityTest, RefusesTokensThatMakeNoSense) {
    const auto fails = [&](const NewToken& wanted, const std::string& field) {
        const auto made = make(caller("ada"), wanted);
        ASSERT_THAT(made, fails_with(Code::invalid_argument));
        EXPECT_EQ(made.error().fields.at(0).field, field);
    };
    NewToken wanted{.user = user_name("ada"), .name = ""};
    wanted.models = {"a b"};
    fails(wanted, "models");
    wanted.models = {};
    wanted.environments = {""};
    fails(wanted, "environments");
    wanted.environments = {};
    wanted.expires_in = std::chrono::seconds(0);
    fails(wanted, "expires_in");
    wanted.expires_in = std::chrono::days(4000);
    fails(wanted, "expires_in");
    wanted.expires_in = std::chrono::days(1);
    wanted.roles = Roles{};
    fails(wanted, "roles");
}

TEST_F(IdentityTest, TokensOfOthersAreNotThere) {
    const std::string id = make(caller("ada"), {.user = user_name("ada"), .name = ""})->token.id;
    ASSERT_THAT(make(caller("dan"), {.user = user_name("dan"), .name = ""}), is_ok());
    EXPECT_THAT(tokens_seen_by(caller("ada")), ElementsAre("ada"));
    EXPECT_THAT(tokens_seen_by(caller("root")), ElementsAre("ada", "dan"));
    const auto get = [&](const std::string& by) {
        return read([&](const Snapshot& s) { return get_token(s, caller(by), id); });
    };
    EXPECT_THAT(get("ada"), is_ok());
    EXPECT_THAT(get("root"), is_ok());
    EXPECT_THAT(get("dan"), fails_with(Code::not_found));
    const auto revoke = [&](const std::string& by) {
        return write(by, [&](Transaction& t) { return revoke_token(t, id); });
    };
    EXPECT_THAT(revoke("dan"), fails_with(Code::not_found));
    EXPECT_THAT(revoke("ada"), is_ok());
    EXPECT_THAT(revoke("ada"), fails_with(Code::not_found));
    EXPECT_THAT(tokens_seen_by(caller("ada")), IsEmpty());
}

}  // namespace
}  // namespace baton::registry
