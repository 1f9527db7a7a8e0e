// Answers of mutations under the user's idempotency keys.
#pragma once

#include <optional>

#include "registry/store.h"

namespace baton::registry::storage {

struct KeptAnswer {
    Digest fingerprint;
    Answer answer;
    Timestamp kept_at;
};

std::optional<KeptAnswer> find_answer(Connection& connection, const UserName& user, const std::string& key);
void keep_answer(Connection& connection, const UserName& user, const std::string& key, const KeptAnswer& kept);
void forget_answers_before(Connection& connection, Timestamp time);
void forget_large_answers_before(Connection& connection, Timestamp time);  // of more than 64 KiB

}  // namespace baton::registry::storage
