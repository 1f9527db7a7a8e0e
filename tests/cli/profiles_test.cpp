#include <gmock/gmock.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "cli/context.h"
#include "tests/cli/command.h"
#include "tests/cli/fake_server.h"

namespace baton::cli {
namespace {

using testing::HasSubstr;

class ProfileTest : public CommandTest {
protected:
    ProfileTest() {
        for (FakeServer* server : {&first, &second})
            server->on("GET /api/v1/whoami", R"({"user":"dana","roles":["developer"]})");
    }
    std::filesystem::path file() const { return folder / ".config" / "baton" / "profiles.json"; }

    FakeServer first;
    FakeServer second;
};

TEST_F(ProfileTest, LoginKeepsThemForTheOwnerAlone) {
    const Outcome outcome = baton({"login", first.url() + "/", "--token", "secret"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("as dana (developer)"));
    struct stat info {};
    ASSERT_EQ(::stat(file().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777u, 0600u);
    const Json document = Json::parse(read(file()));
    EXPECT_EQ(document["default"], "default");
    EXPECT_EQ(document["profiles"]["default"]["url"], first.url());
    EXPECT_EQ(document["profiles"]["default"]["token"], "secret");
    EXPECT_EQ(first.requests().at(0).header("authorization"), "Bearer secret");

    ASSERT_EQ(baton({"whoami"}).code, 0);
    EXPECT_EQ(first.requests().at(1).header("authorization"), "Bearer secret");
}

TEST_F(ProfileTest, ALoosenedFileIsTightenedAgain) {
    ASSERT_EQ(baton({"login", first.url(), "--token", "one"}).code, 0);
    ASSERT_EQ(::chmod(file().c_str(), 0666), 0);
    ASSERT_EQ(baton({"login", second.url(), "--token", "two", "--profile", "work"}).code, 0);
    struct stat info {};
    ASSERT_EQ(::stat(file().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777u, 0600u);
    const Json document = Json::parse(read(file()));
    EXPECT_EQ(document["profiles"].size(), 2u);
}

TEST_F(ProfileTest, LoginUnderANameLeavesTheDefaultAlone) {
    EXPECT_THAT(baton({"login", first.url(), "--token", "one", "--profile", "home"}).out, HasSubstr("the default"));
    EXPECT_EQ(Json::parse(read(file()))["default"], "home") << "the first is the default";
    const Outcome second_login = baton({"login", second.url(), "--token", "two", "--profile", "work"});
    EXPECT_EQ(Json::parse(read(file()))["default"], "home");
    EXPECT_THAT(second_login.err, HasSubstr("baton profile use work"));
    ASSERT_EQ(baton({"whoami"}).code, 0);
    EXPECT_EQ(first.requests().back().header("authorization"), "Bearer one");
    ASSERT_EQ(baton({"login", second.url(), "--token", "three"}).code, 0);
    EXPECT_EQ(Json::parse(read(file()))["default"], "default") << "without a name it is what comes next";
}

TEST_F(ProfileTest, ProfilesAreListedChosenAndRemoved) {
    EXPECT_THAT(baton({"profile", "list"}).out, HasSubstr("no profiles"));
    ASSERT_EQ(baton({"login", first.url(), "--token", "one", "--profile", "home"}).code, 0);
    ASSERT_EQ(baton({"login", second.url(), "--token", "two", "--profile", "work"}).code, 0);
    const Outcome listed = baton({"profile", "list", "--json"});
    EXPECT_EQ(Json::parse(listed.out),
              Json::parse(R"({"items":[{"name":"home","url":")" + first.url() +
                          R"(","default":true},{"name":"work","url":")" + second.url() + R"(","default":false}]})"));
    EXPECT_THAT(listed.out, testing::Not(HasSubstr("one"))) << "tokens are not shown";
    EXPECT_THAT(baton({"profile", "list"}).out, HasSubstr(second.url()));

    ASSERT_EQ(baton({"profile", "use", "work"}).code, 0);
    ASSERT_EQ(baton({"whoami"}).code, 0);
    EXPECT_EQ(second.requests().back().header("authorization"), "Bearer two");
    EXPECT_EQ(baton({"profile", "use", "nowhere"}).code, 3);

    const Outcome removed = baton({"profile", "remove", "work"});
    ASSERT_EQ(removed.code, 0);
    EXPECT_THAT(removed.err, HasSubstr("no profile is the default now"));
    EXPECT_EQ(Json::parse(read(file()))["profiles"].size(), 1u);
    EXPECT_THAT(read(file()), testing::Not(HasSubstr("two")));
    EXPECT_EQ(baton({"profile", "remove", "work"}).code, 3);
}

TEST_F(ProfileTest, XdgConfigHomeMovesTheFile) {
    environment["XDG_CONFIG_HOME"] = (folder / "xdg").string();
    ASSERT_EQ(baton({"login", first.url(), "--token", "-"}, "from-stdin\n").code, 0);
    EXPECT_THAT(read(folder / "xdg" / "baton" / "profiles.json"), HasSubstr("from-stdin"));
    EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(ProfileTest, ARefusedTokenIsNotKept) {
    first.on("GET /api/v1/whoami", R"({"code":"unauthenticated","detail":"no such token"})", 401);
    EXPECT_EQ(baton({"login", first.url(), "--token", "bad"}).code, 4);
    EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(ProfileTest, TheTokenOfAProfileGoesToItsOwnServerOnly) {
    ASSERT_EQ(baton({"login", first.url(), "--token", "secret"}).code, 0);
    ASSERT_EQ(baton({"whoami", "--server", second.url()}).code, 0);
    EXPECT_EQ(second.requests().at(0).header("authorization"), "");
    environment["BATON_URL"] = second.url();
    ASSERT_EQ(baton({"whoami"}).code, 0);
    EXPECT_EQ(second.requests().at(1).header("authorization"), "");
}

TEST_F(ProfileTest, EnvironmentBeatsTheDefaultProfileAndOptionsBeatBoth) {
    ASSERT_EQ(baton({"login", first.url(), "--token", "one", "--profile", "first"}).code, 0);
    environment["BATON_URL"] = second.url();
    environment["BATON_TOKEN"] = "env";
    ASSERT_EQ(baton({"whoami"}).code, 0);
    EXPECT_EQ(second.requests().at(0).header("authorization"), "Bearer env");
    ASSERT_EQ(baton({"whoami", "--profile", "first"}).code, 0);
    EXPECT_EQ(first.requests().back().header("authorization"), "Bearer one");
    ASSERT_EQ(baton({"whoami", "--server", first.url()}).code, 0);
    EXPECT_EQ(first.requests().back().header("authorization"), "Bearer env");
}

TEST_F(ProfileTest, AnUnknownProfileIsNotFound) {
    const Outcome outcome = baton({"whoami", "--profile", "nowhere"});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.err, HasSubstr("no profile 'nowhere'"));
}

TEST_F(ProfileTest, ABrokenFileIsSaidToBeBroken) {
    write(".config/baton/profiles.json", "{");
    const Outcome outcome = baton({"whoami"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("profiles.json"));
}

}  // namespace
}  // namespace baton::cli
