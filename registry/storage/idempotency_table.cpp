#include "registry/storage/idempotency_table.h"

#include "registry/storage/values.h"

namespace baton::registry::storage {
namespace {

// Headers are kept as a JSON list of names and values in turn, because a name may come twice.
std::string flatten(const std::vector<std::pair<std::string, std::string>>& headers) {
    std::vector<std::string> flat;
    for (const auto& [name, value] : headers) {
        flat.push_back(name);
        flat.push_back(value);
    }
    return to_json(flat);
}

std::vector<std::pair<std::string, std::string>> unflatten(std::string_view json) {
    const std::vector<std::string> flat = list_from_json(json);
    std::vector<std::pair<std::string, std::string>> headers;
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2) headers.emplace_back(flat[i], flat[i + 1]);
    return headers;
}

}  // namespace

std::optional<KeptAnswer> find_answer(Connection& connection, const UserName& user, const std::string& key) {
    const auto row = connection.query_one(
        "SELECT fingerprint, status, body, headers, created_at FROM idempotency WHERE user_name = $1 AND key = $2",
        {user.text(), key});
    if (!row) return std::nullopt;
    return KeptAnswer{.fingerprint = digest_of(*row, 0),
                      .answer = {.status = static_cast<int>(row->integer(1)),
                                 .body = row->text(2),
                                 .headers = unflatten(row->text(3)),
                                 .replayed = true},
                      .kept_at = time_of(*row, 4)};
}

void keep_answer(Connection& connection, const UserName& user, const std::string& key, const KeptAnswer& kept) {
    connection.execute(
        "INSERT INTO idempotency (user_name, key, fingerprint, status, body, headers, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        {user.text(), key, to_value(kept.fingerprint), std::int64_t{kept.answer.status}, kept.answer.body,
         flatten(kept.answer.headers), to_value(kept.kept_at)});
}

void forget_answers_before(Connection& connection, Timestamp time) {
    connection.execute("DELETE FROM idempotency WHERE created_at < $1", {to_value(time)});
}

void forget_large_answers_before(Connection& connection, Timestamp time) {
    // In the words of the index idempotency_large, so that it is used.
    connection.execute("DELETE FROM idempotency WHERE created_at < $1 AND length(body) > 65536", {to_value(time)});
}

}  // namespace baton::registry::storage
