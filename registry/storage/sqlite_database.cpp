// The SQLite driver: one writer connection, a pool of read-only ones.
//
// SQLite before 3.51.3 can damage a database when two connections write or checkpoint at the same moment, so everything
// of that kind happens on the writer connection under its mutex, and the folder's lock keeps other processes out.
#include <condition_variable>

#include "registry/storage/database.h"
#include "registry/storage/folder_lock.h"
#include "registry/storage/sqlite_connection.h"

namespace baton::registry::storage {
namespace {

constexpr std::size_t max_readers = 16;

Error error_of(const StorageError& error) {
    switch (error.kind()) {
        case StorageError::Kind::full:
            return {.code = Code::out_of_space,
                    .message = "the disk of the data folder is full: nothing was changed",
                    .hint = "free space on it and try again; reads go on"};
        case StorageError::Kind::busy:
            return {.code = Code::unavailable, .message = "the database is busy", .hint = "try again"};
        case StorageError::Kind::corrupt:
            return {.code = Code::internal,
                    .message = std::string("the database is damaged: ") + error.what(),
                    .hint = "stop the server and run `baton fsck`"};
        case StorageError::Kind::constraint:
            return internal_error(std::string("the change breaks a rule of the database: ") + error.what());
        case StorageError::Kind::other:
            break;
    }
    return internal_error(std::string("the database failed: ") + error.what());
}

// Runs `work` and turns what it throws into an Error.
template <class Work>
auto guarded(Work work) -> decltype(work()) {
    try {
        return work();
    } catch (const StorageError& error) {
        return error_of(error);
    } catch (const std::exception& error) {
        return internal_error(error.what());
    }
}

class SqliteDatabase : public Database {
public:
    SqliteDatabase(FolderLock lock, std::filesystem::path file)
        : lock_(std::move(lock)), file_(std::move(file)), writer_(file_, SqliteConnection::Mode::writer) {}

    Status write(const std::function<Status(Connection&)>& work) override {
        std::vector<std::function<void()>> actions;
        {
            const std::lock_guard guard(writer_mutex_);
            Status status = guarded([&]() -> Status {
                writer_.begin_immediate();
                BATON_TRY(work(writer_));
                writer_.commit();
                return {};
            });
            if (!status.ok()) {
                writer_.rollback();
                return status;
            }
            actions = writer_.take_actions();
        }
        for (const auto& action : actions) action();
        return {};
    }

    Status read(const std::function<Status(Connection&)>& work) const override {
        return guarded([&]() -> Status {
            const Lease lease(*this);
            lease.connection().begin();
            BATON_TRY(work(lease.connection()));
            return {};  // nothing to commit: the lease ends the transaction
        });
    }

    Status checkpoint() override {
        const std::lock_guard guard(writer_mutex_);
        return guarded([&]() -> Status {
            const std::vector<Row> rows = writer_.query("PRAGMA wal_checkpoint(TRUNCATE)", {});
            if (!rows.empty() && rows.front().integer(0) != 0) {
                return Error{.code = Code::unavailable,
                             .message = "a reader holds the write-ahead log open",
                             .hint = "the log is folded by a later checkpoint"};
            }
            return {};
        });
    }

    Result<std::vector<std::string>> integrity_check() const override {
        std::vector<std::string> problems;
        BATON_TRY(read([&](Connection& connection) -> Status {
            for (const Row& row : connection.query("PRAGMA integrity_check"))
                if (row.text(0) != "ok") problems.push_back(row.text(0));
            for (const Row& row : connection.query("PRAGMA foreign_key_check"))
                problems.push_back("a row of " + row.text(0) + " names a missing row of " + row.text(2));
            return {};
        }));
        return problems;
    }

private:
    // A reader connection for the time of one read transaction.
    class Lease {
    public:
        explicit Lease(const SqliteDatabase& database) : database_(database), connection_(database.take_reader()) {}
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        ~Lease() {
            connection_->rollback();
            database_.give_back(std::move(connection_));
        }
        SqliteConnection& connection() const { return *connection_; }

    private:
        const SqliteDatabase& database_;
        std::unique_ptr<SqliteConnection> connection_;
    };

    std::unique_ptr<SqliteConnection> take_reader() const {
        {
            std::unique_lock guard(readers_mutex_);
            reader_returned_.wait(guard, [&] { return !idle_readers_.empty() || readers_ < max_readers; });
            if (!idle_readers_.empty()) {
                auto reader = std::move(idle_readers_.back());
                idle_readers_.pop_back();
                return reader;
            }
            ++readers_;
        }
        try {
            return std::make_unique<SqliteConnection>(file_, SqliteConnection::Mode::reader);
        } catch (...) {
            const std::lock_guard guard(readers_mutex_);
            --readers_;
            reader_returned_.notify_one();
            throw;
        }
    }

    void give_back(std::unique_ptr<SqliteConnection> reader) const {
        {
            const std::lock_guard guard(readers_mutex_);
            idle_readers_.push_back(std::move(reader));
        }
        reader_returned_.notify_one();
    }

    // Constant after construction; the lock is the last to go.
    const FolderLock lock_;
    const std::filesystem::path file_;

    std::mutex writer_mutex_;
    SqliteConnection writer_;  // guarded by writer_mutex_

    mutable std::mutex readers_mutex_;
    mutable std::condition_variable reader_returned_;
    mutable std::size_t readers_ = 0;                                      // guarded by readers_mutex_, as is the next
    mutable std::vector<std::unique_ptr<SqliteConnection>> idle_readers_;  // destroyed before the writer
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const std::filesystem::path& folder) {
    return guarded([&]() -> Result<std::unique_ptr<Database>> {
        std::filesystem::create_directories(folder);
        BATON_ASSIGN(FolderLock lock, FolderLock::acquire(folder));
        return std::unique_ptr<Database>(std::make_unique<SqliteDatabase>(std::move(lock), folder / "baton.db"));
    });
}

}  // namespace baton::registry::storage
