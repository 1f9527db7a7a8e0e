#include "registry/storage/traffic_table.h"

#include "registry/storage/values.h"

namespace baton::registry::storage {
namespace {

const std::string select_rules =
    "SELECT model, environment, kind, number, digest, share, header, started, revision, since, actor, request_id"
    " FROM traffic";

TrafficRule rule_of(const Row& row) {
    const auto kind = parse_traffic_kind(row.text(2));
    if (!kind) throw StorageError(StorageError::Kind::corrupt, "traffic has the kind " + row.text(2));
    return {.model = ModelName::trusted(row.text(0)),
            .environment = Environment::trusted(row.text(1)),
            .kind = *kind,
            .version = row.integer(3),
            .digest = digest_of(row, 4),
            .share = row.integer(5),
            .header = row.text(6),
            .started = row.integer(7),
            .revision = row.integer(8),
            .since = time_of(row, 9),
            .by = UserName::trusted(row.text(10)),
            .request = row.integer(11)};
}

std::vector<TrafficRule> rules_where(Connection& connection, const std::string& rest,
                                     const std::vector<Value>& parameters) {
    std::vector<TrafficRule> rules;
    for (const Row& row : connection.query(select_rules + rest + " ORDER BY model, environment, kind", parameters)) {
        rules.push_back(rule_of(row));
    }
    return rules;
}

}  // namespace

std::vector<TrafficRule> all_traffic(Connection& connection) { return rules_where(connection, "", {}); }

std::vector<TrafficRule> traffic_of(Connection& connection, const ModelName& model, const Environment& environment) {
    return rules_where(connection, " WHERE model = $1 AND environment = $2", {model.text(), environment.text()});
}

void put_traffic(Connection& connection, const TrafficRule& rule) {
    remove_traffic(connection, rule);
    connection.execute(
        "INSERT INTO traffic (model, environment, kind, number, digest, share, header, started, revision, since, actor,"
        " request_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        {rule.model.text(), rule.environment.text(), std::string(traffic_kind_name(rule.kind)), rule.version,
         to_value(rule.digest), rule.share, rule.header, rule.started, rule.revision, to_value(rule.since),
         rule.by.text(), rule.request});
}

void remove_traffic(Connection& connection, const TrafficRule& rule) {
    connection.execute("DELETE FROM traffic WHERE model = $1 AND environment = $2 AND kind = $3",
                       {rule.model.text(), rule.environment.text(), std::string(traffic_kind_name(rule.kind))});
}

}  // namespace baton::registry::storage
