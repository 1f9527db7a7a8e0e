#include "registry/storage/slot_table.h"

#include "registry/storage/values.h"

namespace baton::registry::storage {
namespace {

const std::string select_slots =
    "SELECT s.model, s.environment, s.number, s.digest, s.revision, s.since, s.actor, s.request_id, s.rollback_of, "
    "s.reason,"
    " s.until FROM slots s";

Slot slot_of(const Row& row) {
    return {.model = ModelName::trusted(row.text(0)),
            .environment = Environment::trusted(row.text(1)),
            .version = row.integer(2),
            .digest = digest_of(row, 3),
            .revision = row.integer(4),
            .since = time_of(row, 5),
            .by = UserName::trusted(row.text(6)),
            .request = optional_integer_of(row, 7),
            .rollback_of = optional_integer_of(row, 8),
            .reason = row.text(9),
            .until = optional_time_of(row, 10)};
}

std::vector<Slot> slots_where(Connection& connection, const std::string& rest, const std::vector<Value>& parameters) {
    std::vector<Slot> slots;
    for (const Row& row : connection.query(select_slots + rest, parameters)) slots.push_back(slot_of(row));
    return slots;
}

}  // namespace

std::optional<Slot> live_slot(Connection& connection, const ModelName& model, const Environment& environment) {
    const auto row =
        connection.query_one(select_slots + " WHERE s.model = $1 AND s.environment = $2 AND s.until IS NULL",
                             {model.text(), environment.text()});
    return row ? std::optional(slot_of(*row)) : std::nullopt;
}

std::vector<Slot> live_slots(Connection& connection, const std::optional<Environment>& environment) {
    const std::string order = " ORDER BY s.model, s.environment";
    if (!environment) return slots_where(connection, " WHERE s.until IS NULL" + order, {});
    return slots_where(connection, " WHERE s.until IS NULL AND s.environment = $1" + order, {environment->text()});
}

std::vector<Slot> slots_of(Connection& connection, const ModelName& model) {
    return slots_where(connection, " WHERE s.model = $1 ORDER BY s.revision DESC", {model.text()});
}

void end_slot(Connection& connection, std::int64_t revision, Timestamp now) {
    connection.execute("UPDATE slots SET until = $2 WHERE revision = $1", {revision, to_value(now)});
}

void insert_slot(Connection& connection, const Slot& slot) {
    connection.execute(
        "INSERT INTO slots (revision, model, environment, number, digest, since, actor, request_id, rollback_of, "
        "reason)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        {slot.revision, slot.model.text(), slot.environment.text(), slot.version, to_value(slot.digest),
         to_value(slot.since), slot.by.text(), to_value(slot.request), to_value(slot.rollback_of), slot.reason});
}

}  // namespace baton::registry::storage
