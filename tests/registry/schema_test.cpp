// The last line of defence: what the schema itself refuses, whatever the code above it does.
#include "registry/storage/database.h"
#include "registry/storage/live_set_table.h"
#include "registry/workflow.h"
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
        first.golden = "[]";
        ASSERT_THAT(write("ada", [&](Transaction& t) { return register_version(t, first); }), is_ok());
        register_as("ada", "m");
        make_live(1);
        ASSERT_THAT(write("dan",
                          [](Transaction& t) {
                              return open_request(t,
                                                  {.model = model_name("m"), .version = VersionNumber(2), .notes = {}});
                          }),
                    is_ok());
        ASSERT_THAT(write("vic", [](Transaction& t) { return comment(t, 1, "what of the tail?"); }), is_ok());
        ASSERT_THAT(write("pia", [](Transaction& t) { return reject(t, 1, "too slow"); }), is_ok());
        ASSERT_THAT(write("dan",
                          [](Transaction& t) {
                              return open_request(t,
                                                  {.model = model_name("m"), .version = VersionNumber(2), .notes = {}});
                          }),
                    is_ok());
        ASSERT_THAT(write("pia", [](Transaction& t) { return approve(t, 2, get_digest(t), "good"); }), is_ok());
    }
    static Digest get_digest(const Snapshot& snapshot) {
        return get_version(snapshot, system_caller(), model_name("m"), VersionNumber(2))->digest;
    }

    Status execute(std::string_view sql) {
        return write("root", [&](Transaction& t) -> Status {
            t.connection().execute(sql);
            return {};
        });
    }

    // As execute, but nothing stays, whether it was refused or not.
    Status attempt(std::string_view sql) {
        return write("root", [&](Transaction& t) -> Status {
            t.connection().execute(sql);
            return not_found("it was let through");
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

// A version and its reports are what they were when they were registered.
const std::vector<std::string> changes_of_what_is_registered = {
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
};

// Logs only grow. Of a slot the end is written, once, and nothing else with it.
const std::vector<std::string> changes_of_logs = {
    "UPDATE audit_log SET actor = 'x'",
    "DELETE FROM audit_log",
    "DELETE FROM slots",
    "UPDATE slots SET number = 2",
    "UPDATE slots SET actor = 'x', until = 5, since = 4",
    "UPDATE slots SET until = 5, actor = 'x'",
    "UPDATE slots SET until = 5, reason = 'x'",
    "UPDATE slots SET until = 5, request_id = 1",
    "UPDATE slots SET until = 5, rollback_of = 2",
    "INSERT INTO slots (revision, model, environment, number, digest, since, actor, reason)"
    " SELECT 0, model, 'staging', number, digest, 0, 'x', '' FROM slots",
    "INSERT INTO slots (revision, model, environment, number, digest, since, actor, reason, until)"
    " SELECT 9, model, 'staging', number, digest, 0, 'x', '', 1 FROM slots",
    "UPDATE live_set SET revision = 0",
    "DELETE FROM live_set",
};

// Nothing is added to a registered version, and nothing taken from it.
const std::vector<std::string> additions_and_removals = {
    "INSERT INTO version_files VALUES ('m', 1, 'more', 1, '" + std::string(64, 'a') + "')",
    "INSERT INTO version_findings VALUES ('m', 1, 9, 'info', 'x', 'x')",
    "INSERT INTO version_metadata VALUES ('m', 1, 'more', 'x')",
    "INSERT INTO version_golden VALUES ('m', 1, '[]')",
    "INSERT INTO report_metrics VALUES (1, 'more', 1.0)",
    "DELETE FROM version_files",
    "DELETE FROM version_findings",
    "DELETE FROM version_metadata",
    "DELETE FROM version_golden",
    "DELETE FROM reports",
    "DELETE FROM report_metrics",
    "DELETE FROM versions WHERE number = 2",
    "UPDATE versions SET sealed = 0",
    "UPDATE reports SET sealed = 0",
    "UPDATE models SET last_version = 0",
};

// What was asked and decided stays.
const std::vector<std::string> changes_of_decisions = {
    "UPDATE requests SET requester = 'x'",      "UPDATE requests SET environment = 'staging'",
    "UPDATE requests SET expires_at = 1",       "DELETE FROM requests",
    "UPDATE decisions SET decision = 'reject'", "DELETE FROM decisions",
    "UPDATE comments SET text = 'x'",           "DELETE FROM comments",
};

// Replacing a row is deleting it, too.
const std::vector<std::string> replacements = {
    "REPLACE INTO decisions SELECT * FROM decisions",
    "REPLACE INTO comments SELECT * FROM comments",
    "REPLACE INTO requests SELECT * FROM requests",
    "REPLACE INTO reports SELECT * FROM reports",
    "REPLACE INTO versions SELECT * FROM versions WHERE number = 2",
    "REPLACE INTO version_history SELECT * FROM version_history",
    "REPLACE INTO audit_log SELECT * FROM audit_log",
    "REPLACE INTO slots SELECT * FROM slots",
    "INSERT INTO audit_log (sequence, time, actor, action, object, details, request_id, hash)"
    " SELECT 999, time, actor, action, object, details, request_id, hash"
    " FROM audit_log WHERE sequence = 1",
};

TEST_F(SchemaTest, SealedAndAppendOnlyRowsStayAsTheyAre) {
    for (const auto& group :
         {changes_of_what_is_registered, changes_of_logs, additions_and_removals, changes_of_decisions, replacements}) {
        for (const std::string& sql : group)
            EXPECT_THAT(attempt(sql), fails_saying(Code::internal, "breaks a rule")) << sql;
    }
    EXPECT_THAT(execute("UPDATE versions SET stage = 'retired', description = 'x' WHERE number = 2"), is_ok());
}

TEST_F(SchemaTest, AClosedRequestIsClosed) {
    EXPECT_THAT(execute("UPDATE requests SET state = 'open', verdict = NULL WHERE id = 1"),
                fails_saying(Code::internal, "breaks a rule"));
    EXPECT_THAT(execute("UPDATE requests SET verdict = '{}' WHERE id = 1"),
                fails_saying(Code::internal, "breaks a rule"));
    EXPECT_THAT(execute("INSERT INTO decisions (request_id, user_name, decision, digest, comment, at)"
                        " SELECT 1, user_name, 'approve', digest, '', 0 FROM decisions WHERE request_id = 2"),
                fails_saying(Code::internal, "breaks a rule"));
    EXPECT_THAT(execute("INSERT INTO decisions (request_id, user_name, decision, digest, comment, at)"
                        " SELECT 2, user_name, 'approve', digest, '', 0 FROM decisions WHERE request_id = 2"),
                is_ok());
}

TEST_F(SchemaTest, AModelThatWasNeverLiveGoesWithAllItHas) {
    NewVersion wanted = new_version("other", "other");
    wanted.report = new_report(0.9);
    wanted.metadata = {{"framework", "scikit-learn"}};
    wanted.findings = {{"warning", "odd", "looks odd"}};
    wanted.tags = {{"a", "b"}};
    ASSERT_THAT(write("ada", [&](Transaction& t) { return register_version(t, wanted); }), is_ok());
    ASSERT_THAT(write("dan",
                      [](Transaction& t) {
                          return open_request(t,
                                              {.model = model_name("other"), .version = VersionNumber(1), .notes = {}});
                      }),
                is_ok());
    ASSERT_THAT(write("vic", [](Transaction& t) { return comment(t, 3, "why?"); }), is_ok());
    ASSERT_THAT(write("pia", [&](Transaction& t) { return approve(t, 3, wanted.digest, "good"); }), is_ok());
    EXPECT_THAT(write("ada", [](Transaction& t) { return delete_model(t, model_name("other"), std::nullopt); }),
                is_ok());
    EXPECT_THAT(execute("INSERT INTO version_files VALUES ('other', 1, 'x', 1, '" + std::string(64, 'a') + "')"),
                fails_with(Code::internal));
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
