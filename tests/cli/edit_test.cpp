// Changing what is said of models and versions, and deleting models.
#include "tests/cli/verb_fixture.h"

namespace baton::cli {
namespace {

using testing::HasSubstr;

TEST_F(VerbTest, EditChangesAModel) {
    server.on("PATCH /api/v1/models/risk",
              R"({"name":"risk","description":"who pays back","owner":"dana","tags":{"team":"risk"}})");
    const Outcome outcome = baton({"edit", "risk", "--description", "who pays back", "--owner", "dana", "--tag",
                                   "team=risk", "--tag", "a=b=c", "--untag", "old"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(sent("PATCH /api/v1/models/risk"), Json::parse(R"({"description":"who pays back","owner":"dana",
                              "tags":{"team":"risk","a":"b=c","old":null}})"));
    EXPECT_EQ(outcome.out, "changed risk\n");
    ASSERT_EQ(baton({"edit", "risk", "--description", ""}).code, 0);
    EXPECT_EQ(server.requests("PATCH /api/v1/models/risk").at(1).body, R"({"description":""})");
}

TEST_F(VerbTest, EditChangesAVersion) {
    server.on("PATCH /api/v1/models/risk/versions/3", R"({"model":"risk","version":3,"tags":{}})");
    const Outcome outcome = baton({"edit", "risk/3", "--untag", "draft"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(sent("PATCH /api/v1/models/risk/versions/3"), Json::parse(R"({"tags":{"draft":null}})"));
    EXPECT_EQ(outcome.out, "changed risk/3\n");
}

TEST_F(VerbTest, EditNeedsSomethingToChange) {
    EXPECT_THAT(baton({"edit", "risk"}).err, HasSubstr("nothing to change"));
    for (const std::vector<std::string>& command :
         std::vector<std::vector<std::string>>{{"edit", "risk"},
                                               {"edit", "risk", "--tag", "team"},
                                               {"edit", "risk", "--tag", "a=b", "--untag", "a"},
                                               {"edit", "risk/3", "--owner", "dana"}}) {
        EXPECT_EQ(baton(command).code, 2) << testing::PrintToString(command);
    }
    EXPECT_TRUE(server.requests().empty());
}

TEST_F(VerbTest, DeleteRemovesAModel) {
    server.on("DELETE /api/v1/models/risk", "{}");
    const Outcome outcome = baton({"delete", "risk"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "deleted risk and all its versions\n");
    EXPECT_EQ(Json::parse(baton({"delete", "risk", "--json"}).out), (Json{{"model", "risk"}, {"deleted", true}}));
    EXPECT_EQ(baton({"delete", "risk/3"}).code, 2);
    server.on("DELETE /api/v1/models/risk", R"({"code":"failed_precondition","detail":"it was live"})", 409);
    EXPECT_EQ(baton({"delete", "risk"}).code, 5);
}

}  // namespace
}  // namespace baton::cli
