#include "registry/storage/sqlite_connection.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <SQLiteCpp/SQLiteCpp.h>

namespace baton::registry::storage {
namespace {

// Filters make statements of many shapes; beyond this number the kept ones are dropped and prepared again when needed.
constexpr std::size_t max_statements = 256;
// The writer waits for readers only when it folds the log, the readers for nobody in WAL mode but for recovery.
constexpr int busy_timeout_ms = 1000;

StorageError::Kind kind_of(int code) {
    switch (code & 0xff) {
        case SQLITE_CONSTRAINT:
            return StorageError::Kind::constraint;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return StorageError::Kind::busy;
        case SQLITE_FULL:
            return StorageError::Kind::full;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return StorageError::Kind::corrupt;
        default:
            return StorageError::Kind::other;
    }
}

template <class Work>
auto translating(Work work) {
    try {
        return work();
    } catch (const SQLite::Exception& error) {
        throw StorageError(kind_of(error.getErrorCode()), error.what());
    }
}

// A statement and where its parameters $1, $2 … stand: SQLite numbers them in the order in which they first appear.
struct Prepared {
    Prepared(const SQLite::Database& database, const std::string& sql) : statement(database, sql) {}

    void bind(const std::vector<Value>& parameters) {
        for (std::size_t i = positions.size(); i < parameters.size(); ++i)
            positions.push_back(statement.getIndex(("$" + std::to_string(i + 1)).c_str()));
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            const int position = positions[i];
            if (position == 0) continue;  // a parameter that the statement does not use
            std::visit([&](const auto& value) { bind_one(position, value); }, parameters[i]);
        }
    }

    SQLite::Statement statement;

private:
    void bind_one(int position, std::monostate) { statement.bind(position); }
    void bind_one(int position, std::int64_t value) { statement.bind(position, value); }
    void bind_one(int position, double value) { statement.bind(position, value); }
    void bind_one(int position, const std::string& value) { statement.bind(position, value); }

    std::vector<int> positions;
};

// Ends the use of a statement however its scope is left, so that it holds no lock and no text.
class InUse {
public:
    explicit InUse(SQLite::Statement& statement) : statement_(statement) {}
    InUse(const InUse&) = delete;
    InUse& operator=(const InUse&) = delete;
    ~InUse() {
        statement_.tryReset();
        statement_.clearBindings();
    }

private:
    SQLite::Statement& statement_;
};

Value value_of(const SQLite::Column& column) {
    switch (column.getType()) {
        case SQLITE_INTEGER:
            return column.getInt64();
        case SQLITE_FLOAT:
            return column.getDouble();
        case SQLITE_NULL:
            return std::monostate{};
        default:
            return column.getString();
    }
}

// Tokens are kept only as digests, but whoever may read names, notes and reports is the operator's choice, not the
// umask's.
void create_private(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor >= 0) ::close(descriptor);  // SQLite reports what is wrong with it better than errno does
}

SQLite::Database open_file(const std::filesystem::path& file, SqliteConnection::Mode mode) {
    const bool writer = mode == SqliteConnection::Mode::writer;
    if (writer) create_private(file);
    return SQLite::Database(file.string(),
                            SQLite::OPEN_NOMUTEX | (writer ? SQLite::OPEN_READWRITE : SQLite::OPEN_READONLY),
                            busy_timeout_ms);
}

}  // namespace

struct SqliteConnection::Impl {
    Impl(const std::filesystem::path& file, Mode mode) : database(open_file(file, mode)) {}

    Prepared& prepare(std::string_view sql) {
        std::string text(sql);
        if (const auto found = statements.find(text); found != statements.end()) return *found->second;
        if (statements.size() >= max_statements) statements.clear();
        auto prepared = std::make_unique<Prepared>(database, text);
        return *statements.emplace(std::move(text), std::move(prepared)).first->second;
    }

    SQLite::Database database;
    std::unordered_map<std::string, std::unique_ptr<Prepared>> statements;
    std::vector<std::function<void()>> actions;
};

SqliteConnection::SqliteConnection(const std::filesystem::path& file, Mode mode) {
    translating([&] {
        impl_ = std::make_unique<Impl>(file, mode);
        SQLite::Database& database = impl_->database;
        if (mode == Mode::writer) {
            database.exec("PRAGMA journal_mode = WAL");
            database.exec("PRAGMA synchronous = FULL");
            database.exec("PRAGMA wal_autocheckpoint = 1000");
        } else {
            database.exec("PRAGMA query_only = ON");
        }
        database.exec("PRAGMA foreign_keys = ON");
        database.exec("PRAGMA trusted_schema = OFF");
        database.exec("PRAGMA cell_size_check = ON");
        database.exec("PRAGMA case_sensitive_like = ON");  // as in PostgreSQL
    });
}

SqliteConnection::~SqliteConnection() = default;

std::int64_t SqliteConnection::execute(std::string_view sql, const std::vector<Value>& parameters) {
    return translating([&]() -> std::int64_t {
        Prepared& prepared = impl_->prepare(sql);
        const InUse in_use(prepared.statement);
        prepared.bind(parameters);
        return prepared.statement.exec();
    });
}

std::vector<Row> SqliteConnection::query(std::string_view sql, const std::vector<Value>& parameters) {
    return translating([&] {
        Prepared& prepared = impl_->prepare(sql);
        const InUse in_use(prepared.statement);
        prepared.bind(parameters);
        std::vector<Row> rows;
        const int columns = prepared.statement.getColumnCount();
        while (prepared.statement.executeStep()) {
            std::vector<Value> values;
            values.reserve(static_cast<std::size_t>(columns));
            for (int i = 0; i < columns; ++i) values.push_back(value_of(prepared.statement.getColumn(i)));
            rows.emplace_back(std::move(values));
        }
        return rows;
    });
}

void SqliteConnection::script(std::string_view sql) {
    translating([&] { impl_->database.exec(std::string(sql)); });
}

void SqliteConnection::after_commit(std::function<void()> action) { impl_->actions.push_back(std::move(action)); }

void SqliteConnection::begin() { execute("BEGIN", {}); }

void SqliteConnection::begin_immediate() { execute("BEGIN IMMEDIATE", {}); }

void SqliteConnection::commit() { execute("COMMIT", {}); }

void SqliteConnection::rollback() noexcept {
    impl_->actions.clear();
    // A full disk or an input error may have ended the transaction already.
    if (sqlite3_get_autocommit(impl_->database.getHandle()) == 0)
        sqlite3_exec(impl_->database.getHandle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

std::vector<std::function<void()>> SqliteConnection::take_actions() { return std::exchange(impl_->actions, {}); }

}  // namespace baton::registry::storage
