// baton token create --data: the way back in, on the folder of a stopped server.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/json.h"
#include "registry/audit.h"
#include "registry/identity.h"
#include "server/app/data_folder.h"
#include "tests/cli/command.h"

namespace baton::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class LocalTokenTest : public CommandTest {
protected:
    LocalTokenTest() {
        environment["BATON_URL"] = "http://127.0.0.1:1";  // nobody is asked
        const auto opened = open();
        EXPECT_TRUE(bootstrap_admin(*opened.store).ok());
    }

    fs::path data() const { return folder / "data"; }
    server::DataFolder open() const { return server::open_data_folder(data(), clock_).value(); }

    Outcome create(const std::vector<std::string>& more) {
        std::vector<std::string> arguments = {"token", "create", "--data", data().string()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return baton(arguments);
    }

    const SystemClock clock_;
};

TEST_F(LocalTokenTest, IsGoodOnceTheServerRunsAgain) {
    const Outcome outcome = create({"--user", "admin", "--expires", "1h"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const std::string secret = outcome.out.substr(0, outcome.out.size() - 1);
    const auto opened = open();
    const registry::Authenticator authenticator(*opened.store, clock_);
    const auto caller = authenticator.authenticate(secret);
    ASSERT_TRUE(caller.ok());
    EXPECT_EQ(caller->user.text(), "admin");
    EXPECT_TRUE(caller->has(registry::Role::admin));
}

TEST_F(LocalTokenTest, IsInTheAuditLogAsTheOperatorsDoing) {
    const Outcome outcome = create({"--user", "admin", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const Json token = Json::parse(outcome.out);
    const auto opened = open();
    const auto entries =
        opened.store->read<registry::Page<registry::AuditEntry>>([&](const registry::Snapshot& snapshot) {
            return list_audit(snapshot, registry::system_caller(), {.filter = "request_id = 'local-operator'"}, 0);
        });
    ASSERT_TRUE(entries.ok());
    ASSERT_EQ(entries->items.size(), 1u);
    const registry::AuditEntry& entry = entries->items.front();
    EXPECT_EQ(entry.action, "token.created");
    EXPECT_EQ(entry.actor, "system");
    EXPECT_EQ(entry.object, "token/" + text(token, "id"));
    EXPECT_EQ(entry.details.at("user"), "admin");
    EXPECT_THAT(entry.details.at("name"), HasSubstr("operator"));
}

TEST_F(LocalTokenTest, AnUnknownUserIsToldWhoIsAdmin) {
    const Outcome outcome = create({"--user", "root"});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.err, HasSubstr("admins are: admin"));
    EXPECT_EQ(create({"--user", "admin", "--role", "emperor"}).code, 2);
    EXPECT_EQ(create({"--user", "admin", "--role", "deployer"}).code, 4);  // not one of the user's
    EXPECT_EQ(create({"--user", "admin", "--expires", "11"}).code, 2);
}

TEST_F(LocalTokenTest, AFolderThatIsInUseIsRefused) {
    const auto opened = open();
    const Outcome outcome = create({"--user", "admin"});
    EXPECT_EQ(outcome.code, 5);
    EXPECT_THAT(outcome.err, HasSubstr("in use"));
}

TEST_F(LocalTokenTest, NothingIsMadeWhereNoDataIs) {
    const fs::path other = folder / "other";
    EXPECT_EQ(baton({"token", "create", "--user", "admin", "--data", other.string()}).code, 3);
    EXPECT_FALSE(fs::exists(other));
}

}  // namespace
}  // namespace baton::cli
