// The door to the metadata store: every change is one transaction with its audit entry in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/result.h"
#include "registry/caller.h"

namespace baton::registry {

namespace storage {
class Connection;
class Database;
}  // namespace storage

// A consistent view for reading. Lives only inside Store::read or Store::write.
class Snapshot {
public:
    Snapshot(storage::Connection& connection, Timestamp now) : connection_(connection), now_(now) {}
    storage::Connection& connection() const { return connection_; }
    Timestamp now() const { return now_; }

private:
    storage::Connection& connection_;
    Timestamp now_;
};

// Told what a unit of work changed, after its commit and on the committing thread. Implemented by Store.
class CommitObserver {
public:
    virtual ~CommitObserver() = default;
    virtual void live_set_moved(std::int64_t revision) = 0;
    virtual void identity_changed() = 0;
};

// One unit of work: what is done through it is committed together or not at all.
class Transaction : public Snapshot {
public:
    Transaction(storage::Connection& connection, Timestamp now, const Call& call, CommitObserver& observer)
        : Snapshot(connection, now), call_(call), observer_(observer) {}
    const Call& call() const { return call_; }
    const Caller& caller() const { return call_.caller; }
    CommitObserver& observer() const { return observer_; }

private:
    const Call& call_;
    CommitObserver& observer_;
};

// The stored answer of a mutation, given again when its idempotency key is repeated.
struct Answer {
    int status = 200;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    bool replayed = false;
};

struct IntegrityProblem {
    std::string what;
};

// Thread-safe. All writes and checkpoints go through one connection; readers have their own.
class Store {
public:
    // Opens or creates `folder`/baton.db, takes the folder's exclusive lock and applies missing migrations.
    // failed_precondition: another process has the folder open, or a newer Baton has written it.
    static Result<std::unique_ptr<Store>> open(const std::filesystem::path& folder, const Clock& clock);
    ~Store();

    // Runs `work` in one transaction and commits when it returns a value. What the adapter throws becomes an Error.
    // Not re-entrant: `work` must not call write, answer or checkpoint.
    template <class T>
    Result<T> write(const Call& call, const std::function<Result<T>(Transaction&)>& work) {
        std::optional<Result<T>> result;
        Status status = write_status(call, [&](Transaction& transaction) -> Status {
            result.emplace(work(transaction));
            return result->ok() ? Status() : Status(result->error());
        });
        if (!status.ok()) return std::move(status).error();
        return std::move(*result);
    }
    template <class T>
    Result<T> read(const std::function<Result<T>(const Snapshot&)>& work) const {
        std::optional<Result<T>> result;
        Status status = read_status([&](const Snapshot& snapshot) -> Status {
            result.emplace(work(snapshot));
            return result->ok() ? Status() : Status(result->error());
        });
        if (!status.ok()) return std::move(status).error();
        return std::move(*result);
    }

    // A mutation whose answer is kept with it: with call.idempotency set, the same key and fingerprint of the same user
    // give the stored answer (replayed = true) without running `work`; another fingerprint is already_exists ("key was
    // used for another request"). Only answers of committed work are stored; they are kept for 7 days, large ones for
    // one. Answers that hold a secret must not come through here: they would be stored with it.
    Result<Answer> answer(const Call& call, const std::function<Result<Answer>(Transaction&)>& work);

    // The answer that answer() would repeat, looked up without waiting for other changes; nullopt when there is none.
    Result<std::optional<Answer>> stored_answer(const Call& call) const;

    // Called after each commit that moved the live-set revision, on the committing thread, with the new revision.
    // Commits of several threads may be told in another order than they were made: the highest revision counts.
    void on_live_change(std::function<void(std::int64_t)> listener);

    // Called after each commit that changed users or tokens, on the committing thread, before the change is answered.
    void on_identity_change(std::function<void()> listener);

    // The database's own integrity check, the audit chain, one live row per slot, history consistent with slots.
    Result<std::vector<IntegrityProblem>> check() const;

    Status checkpoint();  // folds the write-ahead log into the database; called now and then and at shutdown

private:
    explicit Store(std::unique_ptr<storage::Database> database, const Clock& clock);
    Status write_status(const Call& call, const std::function<Status(Transaction&)>& work);
    Status read_status(const std::function<Status(const Snapshot&)>& work) const;

    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace baton::registry
