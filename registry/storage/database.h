// The driver port of the metadata store: SQLite now, PostgreSQL later, under one set of SQL statements.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace baton::registry::storage {

// Thrown inside this room by drivers; Database turns it into an Error at its boundary.
class StorageError : public std::runtime_error {
public:
    enum class Kind { constraint, busy, full, corrupt, other };
    StorageError(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
    Kind kind() const { return kind_; }

private:
    Kind kind_;
};

using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

// One row of a result, columns by position.
class Row {
public:
    explicit Row(std::vector<Value> values) : values_(std::move(values)) {}
    std::size_t size() const { return values_.size(); }
    const Value& value(std::size_t column) const { return values_.at(column); }
    bool null(std::size_t column) const { return std::holds_alternative<std::monostate>(values_.at(column)); }
    std::int64_t integer(std::size_t column) const { return std::get<std::int64_t>(values_.at(column)); }
    const std::string& text(std::size_t column) const { return std::get<std::string>(values_.at(column)); }
    double real(std::size_t column) const;  // an integer is widened

private:
    std::vector<Value> values_;
};

// SQL common to SQLite and PostgreSQL, parameters written $1, $2 …. Statements are prepared once and kept per
// connection. Used by one thread at a time.
class Connection {
public:
    virtual ~Connection() = default;
    virtual std::int64_t execute(std::string_view sql, const std::vector<Value>& parameters = {}) = 0;  // rows changed
    virtual std::vector<Row> query(std::string_view sql, const std::vector<Value>& parameters = {}) = 0;
    virtual void script(std::string_view sql) = 0;  // several statements, no parameters: migrations

    std::optional<Row> query_one(std::string_view sql, const std::vector<Value>& parameters = {});
    // For work that must run once after the commit of the running transaction (never after a rollback), when the writer
    // is free for others again.
    virtual void after_commit(std::function<void()> action) = 0;
};

// Thread-safe.
class Database {
public:
    virtual ~Database() = default;
    // One transaction (BEGIN IMMEDIATE) on the one writer connection; committed when `work` answers ok. Not re-entrant.
    // What `work` throws becomes an Error: full → out_of_space, busy → unavailable, all else → internal.
    virtual Status write(const std::function<Status(Connection&)>& work) = 0;
    // One read transaction on a reader connection from a pool.
    virtual Status read(const std::function<Status(Connection&)>& work) const = 0;
    virtual Status checkpoint() = 0;  // unavailable while readers hold the log
    // Of the file and its foreign keys; empty when all is well.
    virtual Result<std::vector<std::string>> integrity_check() const = 0;
};

// Opens or creates the file and takes an exclusive lock on its folder for the life of the object.
Result<std::unique_ptr<Database>> open_sqlite(const std::filesystem::path& folder);

// Applies what is missing of this binary's migrations; see migrate.h.
Status migrate(Database& database);

}  // namespace baton::registry::storage
