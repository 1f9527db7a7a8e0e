#include "registry/store.h"

#include <algorithm>
#include <mutex>

#include "registry/audit.h"
#include "registry/storage/consistency.h"
#include "registry/storage/database.h"
#include "registry/storage/idempotency_table.h"

namespace baton::registry {
namespace {

constexpr std::chrono::days answers_are_kept{7};
constexpr std::chrono::days large_answers_are_kept{1};

Status check_key(const std::string& key) {
    const bool visible = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    if (visible && !key.empty() && key.size() <= 255) return {};
    return invalid_argument("the idempotency key must have 1 to 255 visible ASCII characters");
}

// The kept answer of the call; nullopt when its key is new.
Result<std::optional<Answer>> replay(const Snapshot& snapshot, const Call& call) {
    const Idempotency& idempotency = *call.idempotency;
    auto kept = storage::find_answer(snapshot.connection(), call.caller.user, idempotency.key);
    if (!kept || kept->kept_at < snapshot.now() - answers_are_kept) return std::optional<Answer>();
    if (kept->fingerprint == idempotency.fingerprint) return std::optional(std::move(kept->answer));
    return Error{.code = Code::already_exists,
                 .message = "the idempotency key was used for another request, or with other rights",
                 .hint = "use a new key for each new request, and the same only to repeat one"};
}

}  // namespace

struct Store::Impl : CommitObserver {
    Impl(std::unique_ptr<storage::Database> opened, const Clock& the_clock)
        : database(std::move(opened)), clock(the_clock) {}

    void live_set_moved(std::int64_t revision) override {
        std::vector<std::function<void(std::int64_t)>> told;
        {
            const std::lock_guard guard(mutex);
            told = listeners;
        }
        for (const auto& listener : told) listener(revision);
    }
    void identity_changed() override {
        std::vector<std::function<void()>> told;
        {
            const std::lock_guard guard(mutex);
            told = identity_listeners;
        }
        for (const auto& listener : told) listener();
    }

    const std::unique_ptr<storage::Database> database;
    const Clock& clock;
    std::mutex mutex;
    std::vector<std::function<void(std::int64_t)>> listeners;  // guarded by mutex
    std::vector<std::function<void()>> identity_listeners;     // guarded by mutex
};

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& folder, const Clock& clock) {
    BATON_ASSIGN(std::unique_ptr<storage::Database> database, storage::open_sqlite(folder));
    BATON_TRY(storage::migrate(*database));
    return std::unique_ptr<Store>(new Store(std::move(database), clock));
}

Store::Store(std::unique_ptr<storage::Database> database, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(database), clock)) {}

Store::~Store() = default;

Status Store::write_status(const Call& call, const std::function<Status(Transaction&)>& work) {
    return impl_->database->write([&](storage::Connection& connection) -> Status {
        Transaction transaction(connection, impl_->clock.now(), call, *impl_);
        return work(transaction);
    });
}

Status Store::read_status(const std::function<Status(const Snapshot&)>& work) const {
    return impl_->database->read(
        [&](storage::Connection& connection) -> Status { return work(Snapshot(connection, impl_->clock.now())); });
}

Result<Answer> Store::answer(const Call& call, const std::function<Result<Answer>(Transaction&)>& work) {
    if (!call.idempotency) return write<Answer>(call, work);
    const Idempotency& idempotency = *call.idempotency;
    BATON_TRY(check_key(idempotency.key));
    return write<Answer>(call, [&](Transaction& transaction) -> Result<Answer> {
        storage::Connection& connection = transaction.connection();
        storage::forget_answers_before(connection, transaction.now() - answers_are_kept);
        storage::forget_large_answers_before(connection, transaction.now() - large_answers_are_kept);
        BATON_ASSIGN(std::optional<Answer> stored, replay(transaction, call));
        if (stored) return *std::move(stored);
        BATON_ASSIGN(Answer answer, work(transaction));
        storage::keep_answer(connection, call.caller.user, idempotency.key,
                             {idempotency.fingerprint, answer, transaction.now()});
        return answer;
    });
}

Result<std::optional<Answer>> Store::stored_answer(const Call& call) const {
    if (!call.idempotency) return std::optional<Answer>();
    return read<std::optional<Answer>>([&](const Snapshot& snapshot) { return replay(snapshot, call); });
}

void Store::on_live_change(std::function<void(std::int64_t)> listener) {
    const std::lock_guard guard(impl_->mutex);
    impl_->listeners.push_back(std::move(listener));
}

void Store::on_identity_change(std::function<void()> listener) {
    const std::lock_guard guard(impl_->mutex);
    impl_->identity_listeners.push_back(std::move(listener));
}

Result<std::vector<IntegrityProblem>> Store::check() const {
    BATON_ASSIGN(const std::vector<std::string> damage, impl_->database->integrity_check());
    std::vector<IntegrityProblem> problems;
    for (const std::string& what : damage) problems.push_back({what});
    BATON_TRY(read_status([&](const Snapshot& snapshot) -> Status {
        if (auto broken = verify_audit_chain(snapshot)) problems.push_back(*std::move(broken));
        for (std::string& what : storage::find_inconsistencies(snapshot.connection()))
            problems.push_back({std::move(what)});
        return {};
    }));
    return problems;
}

Status Store::checkpoint() { return impl_->database->checkpoint(); }

}  // namespace baton::registry
