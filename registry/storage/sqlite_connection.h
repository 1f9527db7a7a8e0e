// One connection to an SQLite file, with its prepared statements. Private to the driver.
#pragma once

#include <filesystem>
#include <memory>

#include "registry/storage/database.h"

namespace baton::registry::storage {

// Not thread-safe: one user at a time.
class SqliteConnection : public Connection {
public:
    enum class Mode { writer, reader };
    // The writer creates the file when it is missing. Throws StorageError.
    SqliteConnection(const std::filesystem::path& file, Mode mode);
    ~SqliteConnection() override;

    std::int64_t execute(std::string_view sql, const std::vector<Value>& parameters) override;
    std::vector<Row> query(std::string_view sql, const std::vector<Value>& parameters) override;
    void script(std::string_view sql) override;
    void after_commit(std::function<void()> action) override;

    void begin();
    void begin_immediate();
    void commit();
    void rollback() noexcept;  // also when SQLite has ended the transaction by itself; forgets the actions
    std::vector<std::function<void()>> take_actions();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace baton::registry::storage
