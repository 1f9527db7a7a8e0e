// The last line of defence: what the schema itself refuses, whatever the code above it does.
#include "registry/storage/database.h"
#include "registry/storage/live_set_table.h"
#include "tests/registry/fixture.h"

namespace baton::registry {
namespace {

class SchemaTest : public StoreTest {
protected:
    void SetUp() override {
        StoreTest::SetUp();
        NewVersion first = new_version("m", "first");
        first.report = new_report(0.9);
        first.metadata = {{"framework", "scikit-learn"}};
        first.findings = {{"warning", "odd", "looks odd"}};
        ASSERT_THAT(write("ada", [&](Transaction& t) { return register_version(t, first); }), is_ok());
        register_as("ada", "m");
        make_live(1);
    }

    Status execute(std::string_view sql) {
        return write("root", [&](Transaction& t) -> Status {
            t.connection().execute(sql);
            return {};
        });
    }

    void make_live(VersionNumber number) {
        ASSERT_THAT(
            write("dora",
                  [&](Transaction& t) -> Status {
                      const std::int64_t revision = storage::bump_live_revision(t);
                      t.connection().execute(
                          "INSERT INTO slots (revision, model, environment, number, digest, since, actor, reason)"
                          " SELECT $1, model, 'production', number, digest, 0, 'dora', '' FROM versions WHERE number = "
                          "$2",
                          {revision, number});
                      return {};
                  }),
            is_ok());
    }
};

TEST_F(SchemaTest, SealedAndAppendOnlyRowsStayAsTheyAre) {
    for (const std::string& sql : std::vector<std::string>{
             "UPDATE versions SET digest = substr(digest, 2) || '0'",
             "UPDATE versions SET number = 9 WHERE number = 2",
             "UPDATE versions SET created_by = 'dan'",
             "UPDATE versions SET signature = '{}'",
             "UPDATE versions SET model_path = 'other'",
             "UPDATE versions SET size = size + 1",
             "UPDATE version_files SET digest = digest",
             "UPDATE reports SET trust = 'verified'",
             "UPDATE report_metrics SET value = 1",
             "UPDATE version_metadata SET value = 'x'",
             "UPDATE version_findings SET severity = 'info'",
             "UPDATE version_history SET reason = 'x'",
             "DELETE FROM version_history",
             "UPDATE audit_log SET actor = 'x'",
             "DELETE FROM audit_log",
             "DELETE FROM slots",
             "UPDATE slots SET number = 2",
             "UPDATE slots SET actor = 'x', until = 5, since = 4",
         })
        EXPECT_THAT(execute(sql), fails_saying(Code::internal, "breaks a rule")) << sql;
    EXPECT_THAT(execute("UPDATE versions SET stage = 'retired', description = 'x' WHERE number = 2"), is_ok());
}

TEST_F(SchemaTest, AWrongValueIsRefused) {
    for (const std::string& sql : std::vector<std::string>{
             "UPDATE versions SET stage = 'production' WHERE number = 2",
             "UPDATE users SET disabled = 2",
             "INSERT INTO version_findings VALUES ('m', 1, 9, 'fatal', '', '')",
             "INSERT INTO version_files VALUES ('m', 1, 'x', -1, '" + std::string(64, 'a') + "')",
             "INSERT INTO version_files VALUES ('m', 1, 'x', 1, 'abc')",
             "INSERT INTO version_files VALUES ('m', 99, 'x', 1, '" + std::string(64, 'a') + "')",
             "INSERT INTO aliases VALUES ('m', 'a', 99)",
             "INSERT INTO models (name, description, owner, created_at, updated_at) VALUES ('n', '', 'nobody', 0, 0)",
             "INSERT INTO models (name, description, owner, created_at, updated_at) VALUES ('n', '', 'ada', 'today', "
             "0)",
             "INSERT INTO live_set VALUES (2, 0)",
         })
        EXPECT_THAT(execute(sql), fails_saying(Code::internal, "breaks a rule")) << sql;
}

TEST_F(SchemaTest, OneVersionIsLiveInASlotAndASlotEndsOnce) {
    EXPECT_THAT(execute("INSERT INTO slots (revision, model, environment, number, digest, since, actor, reason)"
                        " SELECT 7, model, environment, 2, digest, 0, 'dora', '' FROM slots"),
                fails_saying(Code::internal, "breaks a rule"));
    EXPECT_THAT(execute("UPDATE slots SET until = 5"), is_ok());
    EXPECT_THAT(execute("UPDATE slots SET until = 6"), fails_saying(Code::internal, "append-only"));
    make_live(2);
}

TEST_F(SchemaTest, AVersionThatWasLiveCannotBeDeleted) {
    EXPECT_THAT(execute("DELETE FROM versions WHERE number = 1"), fails_with(Code::internal));
    EXPECT_THAT(execute("DELETE FROM models"), fails_with(Code::internal));
}

TEST_F(SchemaTest, CheckFindsRowsThatDoNotFit) {
    const auto problems = store().check().value();  // version 1 is live, but its stage was never moved
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_THAT(problems[0].what, testing::HasSubstr("m/1"));
}

}  // namespace
}  // namespace baton::registry
