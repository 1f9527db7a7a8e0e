#include "registry/storage/history_table.h"

#include "registry/storage/values.h"

namespace baton::registry::storage {

void append_history(Transaction& transaction, const ModelName& model, VersionNumber number, const Digest& digest,
                    const HistoryChange& change) {
    transaction.connection().execute(
        "INSERT INTO version_history"
        " (model, number, digest, time, actor, change, stage, environment, reason, request_id)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        {model.text(), number, to_value(digest), to_value(transaction.now()), transaction.caller().user.text(),
         change.change, std::string(stage_name(change.stage)),
         change.environment ? Value(change.environment->text()) : Value(), change.reason, to_value(change.request)});
}

std::vector<HistoryEntry> history_of(Connection& connection, const ModelName& model, VersionNumber number,
                                     const Digest& digest) {
    std::vector<HistoryEntry> history;
    for (const Row& row :
         connection.query("SELECT time, actor, change, stage, environment, reason, request_id FROM version_history"
                          " WHERE model = $1 AND number = $2 AND digest = $3 ORDER BY id",
                          {model.text(), number, to_value(digest)})) {
        history.push_back({.time = time_of(row, 0),
                           .actor = UserName::trusted(row.text(1)),
                           .change = row.text(2),
                           .stage = stage_of(row, 3),
                           .environment = row.null(4) ? std::nullopt : std::optional(Environment::trusted(row.text(4))),
                           .reason = row.text(5),
                           .request = optional_integer_of(row, 6)});
    }
    return history;
}

}  // namespace baton::registry::storage
