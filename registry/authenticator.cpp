#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/published.h"
#include "registry/identity.h"
#include "registry/storage/token_table.h"
#include "registry/storage/user_table.h"

namespace baton::registry {
namespace {

// A valid token of an enabled user.
struct Principal {
    Principal(Caller who, std::optional<Timestamp> until) : caller(std::move(who)), expires_at(until) {}

    const Caller caller;
    const std::optional<Timestamp> expires_at;
    mutable std::atomic<std::int64_t> last_used = 0;      // microseconds since 1970
    mutable std::atomic<std::int64_t> last_recorded = 0;  // what record_use has written
};

// A secret that was found to belong to a principal: spares the busy ones the hash. It lives in memory only.
struct Verified {
    std::string secret;
    std::shared_ptr<const Principal> principal;
};

// Immutable but for the cache, which goes with it.
struct Principals {
    std::unordered_map<Digest, std::shared_ptr<const Principal>> by_secret_hash;
    mutable std::array<Published<const Verified>, 64> recent;  // by a hash of the secret
    mutable std::mutex remembering;                            // for who stores in `recent`
};

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
    return difference == 0;
}

// What the token's roles and those its user has now have in common.
Caller caller_of(const Token& token, const User& user) {
    Roles roles = token.roles;
    std::erase_if(roles, [&](Role role) { return !user.roles.contains(role); });
    return {.user = token.user,
            .token_id = token.id,
            .roles = std::move(roles),
            .models = token.models,
            .environments = token.environments,
            .expires_at = token.expires_at};
}

Error unauthenticated() {
    return {.code = Code::unauthenticated,
            .message = "the token is not valid",
            .hint = "send `Authorization: Bearer <token>` with a token that has not expired; `baton login` stores one"};
}

Error unreadable() {
    return {.code = Code::unavailable,
            .message = "the server cannot read its users and tokens at the moment",
            .hint = "try again shortly; its log says why"};
}

}  // namespace

struct Authenticator::Impl {
    Impl(const Store& the_store, const Clock& the_clock) : store(the_store), clock(the_clock) {}

    Result<std::shared_ptr<const Principals>> read() const {
        auto principals = std::make_shared<Principals>();
        std::vector<User> users;
        std::vector<storage::HashedToken> tokens;
        BATON_ASSIGN(tokens, store.read<std::vector<storage::HashedToken>>(
                                 [&](const Snapshot& snapshot) -> Result<std::vector<storage::HashedToken>> {
                                     users = storage::all_users(snapshot.connection());
                                     return storage::valid_tokens(snapshot.connection());
                                 }));
        std::map<UserName, const User*> enabled;
        for (const User& user : users)
            if (!user.disabled) enabled.emplace(user.name, &user);
        for (const auto& [hash, token] : tokens) {
            const auto user = enabled.find(token.user);
            if (user == enabled.end()) continue;
            principals->by_secret_hash.emplace(
                hash, std::make_shared<const Principal>(caller_of(token, *user->second), token.expires_at));
        }
        return std::shared_ptr<const Principals>(std::move(principals));
    }

    // Nothing is held that could not be read anew: it may be revoked.
    Status reread() {
        const std::lock_guard guard(refreshing);
        auto fresh = read();
        if (fresh.ok()) keep_use(current.load(), **fresh);
        current.store(fresh.ok() ? *fresh : nullptr);
        if (!fresh.ok()) return std::move(fresh).error();
        return {};
    }

    // Carries over when tokens were used, where that is not written yet.
    static void keep_use(const std::shared_ptr<const Principals>& old, const Principals& fresh) {
        if (!old) return;
        for (const auto& [hash, principal] : fresh.by_secret_hash) {
            const auto before = old->by_secret_hash.find(hash);
            if (before == old->by_secret_hash.end()) continue;
            principal->last_used = before->second->last_used.load();
            principal->last_recorded = before->second->last_recorded.load();
        }
    }

    const Store& store;
    const Clock& clock;
    std::mutex refreshing;
    Published<const Principals> current;  // stored with `refreshing` held
};

namespace {

std::shared_ptr<const Principal> find_principal(const Principals& principals, std::string_view secret) {
    auto& recent = principals.recent[std::hash<std::string_view>()(secret) % principals.recent.size()];
    const auto verified = recent.load();
    if (verified && equal_in_constant_time(verified->secret, secret)) return verified->principal;
    if (!has_token_form(secret)) return nullptr;
    // The look-up compares digests of a secret with 178 random bits: its timing tells nothing that helps to guess one.
    const auto found = principals.by_secret_hash.find(sha256(secret));
    if (found == principals.by_secret_hash.end()) return nullptr;
    const std::unique_lock guard(principals.remembering, std::try_to_lock);  // this runs on event loops
    if (guard) recent.store(std::make_shared<const Verified>(Verified{std::string(secret), found->second}));
    return found->second;
}

}  // namespace

Authenticator::Authenticator(Store& store, const Clock& clock) : impl_(std::make_shared<Impl>(store, clock)) {
    store.on_identity_change([impl = std::weak_ptr(impl_)] {
        if (const auto alive = impl.lock()) static_cast<void>(alive->reread());
    });
    static_cast<void>(impl_->reread());
}

Authenticator::~Authenticator() = default;

Result<Caller> Authenticator::authenticate(std::string_view secret) const {
    const auto principals = impl_->current.load();
    if (!principals) return unreadable();
    const auto principal = find_principal(*principals, secret);
    const Timestamp now = impl_->clock.now();
    if (!principal || (principal->expires_at && *principal->expires_at <= now)) return unauthenticated();
    principal->last_used.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    return principal->caller;
}

Status Authenticator::catch_up() const { return impl_->current.load() ? Status() : impl_->reread(); }

Status Authenticator::record_use(Store& store) const {
    const auto principals = impl_->current.load();
    if (!principals) return {};
    std::vector<std::pair<const Principal*, std::int64_t>> used;
    for (const auto& [hash, principal] : principals->by_secret_hash) {
        const std::int64_t last = principal->last_used.load();
        if (last > principal->last_recorded.load()) used.emplace_back(principal.get(), last);
    }
    if (used.empty()) return {};
    const Call call{.caller = system_caller(), .request_id = "token-use", .idempotency = std::nullopt};
    const auto written = store.write<bool>(call, [&](Transaction& transaction) -> Result<bool> {
        for (const auto& [principal, last] : used) {
            storage::touch_token(transaction.connection(), principal->caller.token_id,
                                 Timestamp(std::chrono::microseconds(last)));
        }
        return true;
    });
    if (!written.ok()) return written.error();
    for (const auto& [principal, last] : used) principal->last_recorded = last;
    return {};
}

}  // namespace baton::registry
