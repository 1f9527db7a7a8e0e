#include "registry/storage/migrate.h"

#include "tests/registry/fixture.h"

namespace baton::registry::storage {
namespace {

using migrations::Migration;

constexpr Migration first{1, "0001_first", "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);"};
constexpr Migration first_altered{1, "0001_first", "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (2);"};
constexpr Migration second{2, "0002_second", "ALTER TABLE a ADD COLUMN y TEXT NOT NULL DEFAULT 'new';"};
constexpr Migration broken{2, "0002_broken", "CREATE TABLE b (x INTEGER); INSERT INTO nowhere VALUES (1);"};

class MigrateTest : public testing::Test {
protected:
    MigrateTest() : database_(open_sqlite(folder_.path()).value()) {}

    Status run(const std::vector<Migration>& migrations) { return migrate(*database_, migrations); }

    std::vector<Row> rows(std::string_view sql) {
        std::vector<Row> found;
        EXPECT_THAT(database_->read([&](Connection& c) -> Status {
            found = c.query(sql);
            return {};
        }),
                    is_ok());
        return found;
    }

    TemporaryFolder folder_;
    std::unique_ptr<Database> database_;
};

TEST_F(MigrateTest, AppliesEachOnceAndRecordsIt) {
    EXPECT_THAT(run({first}), is_ok());
    EXPECT_THAT(run({first}), is_ok());
    const auto applied = rows("SELECT number, name, checksum FROM schema_migrations");
    ASSERT_EQ(applied.size(), 1U);
    EXPECT_EQ(applied[0].integer(0), 1);
    EXPECT_EQ(applied[0].text(1), "0001_first");
    EXPECT_EQ(applied[0].text(2), sha256(first.sql).hex());
    EXPECT_EQ(rows("SELECT x FROM a").size(), 1U);
}

TEST_F(MigrateTest, BringsAnOlderDatabaseForwardWithItsRows) {
    ASSERT_THAT(run({first}), is_ok());
    ASSERT_THAT(run({first, second}), is_ok());
    const auto found = rows("SELECT x, y FROM a");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].integer(0), 1);
    EXPECT_EQ(found[0].text(1), "new");
}

TEST_F(MigrateTest, RefusesADatabaseOfANewerBinary) {
    ASSERT_THAT(run({first, second}), is_ok());
    EXPECT_THAT(run({first}), fails_saying(Code::failed_precondition, "0002_second"));
}

TEST_F(MigrateTest, RefusesAnAlteredMigrationAndAppliesNothing) {
    ASSERT_THAT(run({first}), is_ok());
    EXPECT_THAT(run({first_altered, second}), fails_saying(Code::failed_precondition, "another text"));
    EXPECT_EQ(rows("SELECT 1 FROM schema_migrations").size(), 1U);
}

TEST_F(MigrateTest, AMigrationThatFailsLeavesTheOneBefore) {
    EXPECT_THAT(run({first, broken}), fails_with(Code::internal));
    EXPECT_EQ(rows("SELECT 1 FROM schema_migrations").size(), 1U);
    EXPECT_EQ(rows("SELECT 1 FROM sqlite_master WHERE name = 'b'").size(), 0U);
    EXPECT_THAT(run({first, second}), is_ok());
}

TEST_F(MigrateTest, TheEmbeddedOnesAreNumberedInOrder) {
    std::int64_t number = 0;
    for (const Migration& migration : migrations::all()) EXPECT_EQ(migration.number, ++number) << migration.name;
    EXPECT_GT(number, 0);
    EXPECT_THAT(migrate(*database_), is_ok());
}

}  // namespace
}  // namespace baton::registry::storage
