// What every driver of the metadata store must do. A second driver joins by one more line at the end.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "registry/storage/database.h"
#include "tests/registry/fixture.h"

namespace baton::registry::storage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Driver {
    std::string name;
    std::function<Result<std::unique_ptr<Database>>(const std::filesystem::path&)> open;
};

void PrintTo(const Driver& driver, std::ostream* out) { *out << driver.name; }

class DriverTest : public testing::TestWithParam<Driver> {
protected:
    void SetUp() override {
        reopen();
        ASSERT_THAT(write([](Connection& c) {
                        c.script(
                            "CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT UNIQUE, weight REAL, note TEXT);"
                            "CREATE TABLE parts (thing INTEGER NOT NULL REFERENCES things (id));");
                    }),
                    is_ok());
    }

    void reopen() {
        database_.reset();
        auto opened = GetParam().open(folder_.path());
        ASSERT_THAT(opened, is_ok());
        database_ = std::move(opened).value();
    }

    Status write(const std::function<void(Connection&)>& work) {
        return database_->write([&](Connection& c) -> Status {
            work(c);
            return {};
        });
    }

    std::vector<Row> rows(std::string_view sql, const std::vector<Value>& parameters = {}) {
        std::vector<Row> found;
        EXPECT_THAT(database_->read([&](Connection& c) -> Status {
            found = c.query(sql, parameters);
            return {};
        }),
                    is_ok());
        return found;
    }
    std::int64_t count() { return rows("SELECT count(*) FROM things").at(0).integer(0); }

    TemporaryFolder folder_;
    std::unique_ptr<Database> database_;
};

constexpr std::string_view insert = "INSERT INTO things (id, name, weight, note) VALUES ($1, $2, $3, $4)";

TEST_P(DriverTest, KeepsValuesAsTheyAre) {
    const std::string long_text(100'000, 'x');
    ASSERT_THAT(write([&](Connection& c) {
                    EXPECT_EQ(c.execute(insert, {std::int64_t{1}, "café ✓", 0.1, Value()}), 1);
                    EXPECT_EQ(c.execute(insert, {INT64_MAX, long_text, -1e300, "it's"}), 1);
                    EXPECT_EQ(c.execute(insert, {INT64_MIN, "", std::int64_t{3}, Value()}), 1);
                }),
                is_ok());
    const auto found = rows("SELECT id, name, weight, note FROM things ORDER BY id");
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].integer(0), INT64_MIN);
    EXPECT_EQ(found[0].real(2), 3.0);
    EXPECT_EQ(found[1].text(1), "café ✓");
    EXPECT_EQ(found[1].real(2), 0.1);
    EXPECT_TRUE(found[1].null(3));
    EXPECT_EQ(found[2].integer(0), INT64_MAX);
    EXPECT_EQ(found[2].text(1), long_text);
    EXPECT_EQ(found[2].text(3), "it's");
}

TEST_P(DriverTest, ParametersStandWhereTheirNumbersSay) {
    const auto found = rows("SELECT $2, $1, $2", {std::string("one"), std::string("two")});
    EXPECT_EQ(found.at(0).text(0), "two");
    EXPECT_EQ(found.at(0).text(1), "one");
    EXPECT_EQ(found.at(0).text(2), "two");
}

TEST_P(DriverTest, AStatementForgetsTheParametersBefore) {
    EXPECT_EQ(rows("SELECT $1", {std::string("one")}).at(0).text(0), "one");
    EXPECT_TRUE(rows("SELECT $1").at(0).null(0));
}

TEST_P(DriverTest, QueryOneAnswersTheFirstRowOrNone) {
    ASSERT_THAT(write([&](Connection& c) {
                    EXPECT_EQ(c.query_one("SELECT id FROM things"), std::nullopt);
                    EXPECT_EQ(c.query_one("INSERT INTO things (name) VALUES ('a') RETURNING name").value().text(0),
                              "a");
                }),
                is_ok());
}

TEST_P(DriverTest, RollsBackWhatFailsOrThrows) {
    EXPECT_THAT(database_->write([&](Connection& c) -> Status {
        c.execute(insert, {std::int64_t{1}, "a", 1.0, Value()});
        return not_found("no");
    }),
                fails_with(Code::not_found));
    EXPECT_THAT(write([&](Connection& c) {
                    c.execute(insert, {std::int64_t{1}, "a", 1.0, Value()});
                    throw std::runtime_error("oh");
                }),
                fails_saying(Code::internal, "oh"));
    EXPECT_EQ(count(), 0);
    EXPECT_THAT(write([&](Connection& c) { c.execute(insert, {std::int64_t{1}, "a", 1.0, Value()}); }), is_ok());
    EXPECT_EQ(count(), 1);
}

TEST_P(DriverTest, TellsWhichRuleWasBroken) {
    const auto kind_of = [&](std::string_view sql) {
        std::optional<StorageError::Kind> kind;
        const Status status = write([&](Connection& c) {
            try {
                c.execute(sql);
            } catch (const StorageError& error) {
                kind = error.kind();
                throw;
            }
        });
        EXPECT_THAT(status, fails_with(Code::internal));
        return kind;
    };
    ASSERT_THAT(write([&](Connection& c) { c.execute(insert, {std::int64_t{1}, "a", 1.0, Value()}); }), is_ok());
    EXPECT_EQ(kind_of("INSERT INTO things (id) VALUES (1)"), StorageError::Kind::constraint);
    EXPECT_EQ(kind_of("INSERT INTO things (name) VALUES ('a')"), StorageError::Kind::constraint);
    EXPECT_EQ(kind_of("INSERT INTO parts (thing) VALUES (9)"), StorageError::Kind::constraint);
    EXPECT_EQ(kind_of("SELECT FROM nowhere"), StorageError::Kind::other);
}

TEST_P(DriverTest, ATransactionGoesOnAfterABrokenRuleThatWasCaught) {
    ASSERT_THAT(write([&](Connection& c) {
                    c.execute(insert, {std::int64_t{1}, "a", 1.0, Value()});
                    EXPECT_THROW(c.execute(insert, {std::int64_t{1}, "b", 1.0, Value()}), StorageError);
                    c.execute(insert, {std::int64_t{2}, "c", 1.0, Value()});
                }),
                is_ok());
    EXPECT_EQ(count(), 2);
}

TEST_P(DriverTest, MapsWhatEscapesToAnError) {
    const auto status_of = [&](StorageError::Kind kind) {
        return write([&](Connection&) { throw StorageError(kind, "what"); });
    };
    EXPECT_THAT(status_of(StorageError::Kind::full), fails_with(Code::out_of_space));
    EXPECT_THAT(status_of(StorageError::Kind::busy), fails_with(Code::unavailable));
    EXPECT_THAT(status_of(StorageError::Kind::corrupt).error().hint, HasSubstr("fsck"));
}

TEST_P(DriverTest, AFullDiskChangesNothingAndIsNoEnd) {
    const std::string megabyte(1'000'000, 'x');
    ASSERT_THAT(write([](Connection& c) { c.query("PRAGMA max_page_count = 20"); }), is_ok());
    EXPECT_THAT(write([&](Connection& c) {
                    c.execute(insert, {std::int64_t{1}, "small", 1.0, Value()});
                    c.execute(insert, {std::int64_t{2}, "large", 1.0, megabyte});
                }),
                fails_with(Code::out_of_space));
    EXPECT_EQ(count(), 0);
    EXPECT_THAT(write([&](Connection& c) { c.execute(insert, {std::int64_t{1}, "small", 1.0, Value()}); }), is_ok());
    ASSERT_THAT(write([](Connection& c) { c.query("PRAGMA max_page_count = 1000000"); }), is_ok());
    EXPECT_THAT(write([&](Connection& c) { c.execute(insert, {std::int64_t{2}, "large", 1.0, megabyte}); }), is_ok());
    EXPECT_EQ(count(), 2);
}

TEST_P(DriverTest, ActionsRunOnceAfterTheCommitAndNeverAfterARollback) {
    int runs = 0;
    const auto act = [&](Connection& c) {
        c.execute("INSERT INTO things (note) VALUES ('x')");
        c.after_commit([&] {
            ++runs;
            EXPECT_EQ(count(), runs);  // committed, and the store is free for use
        });
    };
    EXPECT_THAT(database_->write([&](Connection& c) -> Status {
        act(c);
        return not_found("no");
    }),
                fails_with(Code::not_found));
    EXPECT_EQ(runs, 0);
    ASSERT_THAT(write(act), is_ok());
    ASSERT_THAT(write([](Connection&) {}), is_ok());
    EXPECT_EQ(runs, 1);
}

TEST_P(DriverTest, ReadersCannotWrite) {
    EXPECT_THAT(database_->read([](Connection& c) -> Status {
        c.execute("INSERT INTO things (note) VALUES ('x')");
        return {};
    }),
                fails_with(Code::internal));
    EXPECT_EQ(count(), 0);
}

TEST_P(DriverTest, LikeMindsTheCase) {
    ASSERT_THAT(write([&](Connection& c) { c.execute(insert, {std::int64_t{1}, "Credit_x", 1.0, Value()}); }), is_ok());
    EXPECT_EQ(rows("SELECT 1 FROM things WHERE name LIKE 'Credit%'").size(), 1U);
    EXPECT_EQ(rows("SELECT 1 FROM things WHERE name LIKE 'credit%'").size(), 0U);
    EXPECT_EQ(rows("SELECT 1 FROM things WHERE name LIKE 'Credit\\_x' ESCAPE '\\'").size(), 1U);
    EXPECT_EQ(rows("SELECT 1 FROM things WHERE name LIKE 'Credit\\__' ESCAPE '\\'").size(), 1U);
    EXPECT_EQ(rows("SELECT 1 FROM things WHERE name LIKE 'Credi\\__' ESCAPE '\\'").size(), 0U);
}

TEST_P(DriverTest, ManyThreadsReadAndWriteAtOnce) {
    constexpr int threads = 24;  // more than there are reader connections
    constexpr int rounds = 20;
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i) {
        running.emplace_back([&] {
            for (int round = 0; round < rounds; ++round) {
                EXPECT_THAT(write([](Connection& c) { c.execute("INSERT INTO things (note) VALUES ('x')"); }), is_ok());
                EXPECT_GT(count(), 0);
            }
        });
    }
    for (std::thread& thread : running) thread.join();
    EXPECT_EQ(count(), threads * rounds);
}

TEST_P(DriverTest, KeepsOnWorkingBeyondTheStatementsItKeeps) {
    ASSERT_THAT(write([](Connection& c) {
                    for (int i = 0; i < 1000; ++i)
                        EXPECT_EQ(c.query("SELECT " + std::to_string(i)).at(0).integer(0), i);
                }),
                is_ok());
}

TEST_P(DriverTest, ADeathInsideATransactionLeavesWhatWasCommitted) {
    TemporaryFolder folder;
    const pid_t child = ::fork();
    if (child == 0) {
        auto database = GetParam().open(folder.path()).value();
        const auto add = [](Connection& c) {
            c.script("CREATE TABLE IF NOT EXISTS t (n INTEGER); INSERT INTO t VALUES (1)");
        };
        if (!database
                 ->write([&](Connection& c) -> Status {
                     add(c);
                     return {};
                 })
                 .ok())
            ::_exit(1);
        (void)database->write([&](Connection& c) -> Status {
            add(c);
            ::raise(SIGKILL);
            return {};
        });
        ::_exit(2);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    auto database = GetParam().open(folder.path());  // the dead process's lock went with it
    ASSERT_THAT(database, is_ok());
    ASSERT_THAT(database.value()->read([](Connection& c) -> Status {
        EXPECT_EQ(c.query("SELECT count(*) FROM t").at(0).integer(0), 1);
        return {};
    }),
                is_ok());
    EXPECT_THAT(database.value()->integrity_check().value(), IsEmpty());
}

TEST_P(DriverTest, IntegrityCheckFindsMissingParents) {
    EXPECT_THAT(database_->integrity_check().value(), IsEmpty());
    ASSERT_THAT(write([](Connection& c) {
                    c.script("CREATE TABLE loose (thing INTEGER); INSERT INTO loose VALUES (7);");
                    // The rule comes after the row: only the check looks back.
                    c.script(
                        "PRAGMA writable_schema = ON;"
                        "UPDATE sqlite_master SET sql = 'CREATE TABLE loose (thing INTEGER REFERENCES things (id))' "
                        "WHERE name = 'loose';"
                        "PRAGMA writable_schema = OFF;");
                }),
                is_ok());
    reopen();
    EXPECT_THAT(database_->integrity_check().value(), ElementsAre(HasSubstr("loose")));
}

TEST_P(DriverTest, CheckpointsFoldTheLog) {
    ASSERT_THAT(write([](Connection& c) { c.execute("INSERT INTO things (note) VALUES ('x')"); }), is_ok());
    EXPECT_THAT(database_->checkpoint(), is_ok());
    EXPECT_EQ(std::filesystem::file_size(folder_.path() / "baton.db-wal"), 0U);
    EXPECT_EQ(count(), 1);
}

TEST_P(DriverTest, AnotherFileInItsPlaceIsReportedAsDamage) {
    database_.reset();
    std::ofstream(folder_.path() / "baton.db") << std::string(8192, 'x');
    EXPECT_THAT(GetParam().open(folder_.path()), fails_saying(Code::internal, "damaged"));
}

TEST_P(DriverTest, OnlyTheOwnerMayReadTheFile) {
    using std::filesystem::perms;
    const perms others = perms::group_all | perms::others_all;
    for (const char* file : {"baton.db", "baton.db-wal"})
        EXPECT_EQ(std::filesystem::status(folder_.path() / file).permissions() & others, perms::none) << file;
}

INSTANTIATE_TEST_SUITE_P(Drivers, DriverTest, testing::Values(Driver{"sqlite", open_sqlite}),
                         [](const auto& driver) { return driver.param.name; });

}  // namespace
}  // namespace baton::registry::storage
