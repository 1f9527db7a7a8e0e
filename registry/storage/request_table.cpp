#include "registry/storage/request_table.h"

#include "registry/storage/values.h"
#include "registry/storage/verdict_json.h"

namespace baton::registry::storage {
namespace {

const std::string select_requests =
    "SELECT r.id, r.model, r.number, r.digest, r.environment, r.state, r.requester, r.notes, r.created_at, "
    "r.expires_at,"
    " r.baseline_number, r.baseline_digest, r.closing_reason, r.verdict FROM requests r";

RequestState state_of(const Row& row, std::size_t column) {
    const auto state = parse_request_state(row.text(column));
    if (!state) throw StorageError(StorageError::Kind::corrupt, "no request state: " + row.text(column));
    return *state;
}

Decision decision_of(const Row& row, std::size_t column) {
    const auto decision = parse_decision(row.text(column));
    if (!decision) throw StorageError(StorageError::Kind::corrupt, "no decision: " + row.text(column));
    return *decision;
}

std::vector<Approval> decisions_of(Connection& connection, RequestId id) {
    std::vector<Approval> decisions;
    for (const Row& row : connection.query(
             "SELECT user_name, decision, digest, comment, at, subject_digest, policy_version FROM decisions"
             " WHERE request_id = $1 ORDER BY id",
             {id})) {
        decisions.push_back({.user = UserName::trusted(row.text(0)),
                             .decision = decision_of(row, 1),
                             .digest = digest_of(row, 2),
                             .subject = optional_digest_of(row, 5),
                             .policy_version = optional_integer_of(row, 6),
                             .comment = row.text(3),
                             .at = time_of(row, 4),
                             .counts = false,
                             .reason_not = {}});
    }
    return decisions;
}

std::vector<Comment> comments_of(Connection& connection, RequestId id) {
    std::vector<Comment> comments;
    for (const Row& row :
         connection.query("SELECT id, user_name, text, at FROM comments WHERE request_id = $1 ORDER BY id", {id})) {
        comments.push_back(
            {.id = row.integer(0), .user = UserName::trusted(row.text(1)), .text = row.text(2), .at = time_of(row, 3)});
    }
    return comments;
}

PromotionRequest request_of(Connection& connection, const Row& row) {
    const RequestId id = row.integer(0);
    PromotionRequest request = {.id = id,
                                .model = ModelName::trusted(row.text(1)),
                                .version = row.integer(2),
                                .digest = digest_of(row, 3),
                                .subject = {},
                                .environment = Environment::trusted(row.text(4)),
                                .state = state_of(row, 5),
                                .requester = UserName::trusted(row.text(6)),
                                .notes = row.text(7),
                                .created_at = time_of(row, 8),
                                .expires_at = time_of(row, 9),
                                .baseline = {},
                                .closing_reason = row.text(12),
                                .approvals = decisions_of(connection, id),
                                .comments = comments_of(connection, id),
                                .evaluation = {}};
    if (!row.null(10)) request.baseline = Baseline{row.integer(10), digest_of(row, 11)};
    if (!row.null(13)) apply_verdict(row.text(13), request);
    return request;
}

std::vector<RequestId> ids_in(const std::vector<Row>& rows) {
    std::vector<RequestId> ids;
    ids.reserve(rows.size());
    for (const Row& row : rows) ids.push_back(row.integer(0));
    return ids;
}

}  // namespace

std::optional<PromotionRequest> find_request(Connection& connection, RequestId id) {
    const auto row = connection.query_one(select_requests + " WHERE r.id = $1", {id});
    return row ? std::optional(request_of(connection, *row)) : std::nullopt;
}

std::vector<PromotionRequest> open_requests_of(Connection& connection, const ModelName& model, VersionNumber number) {
    std::vector<PromotionRequest> requests;
    for (const Row& row :
         connection.query(select_requests + " WHERE r.model = $1 AND r.number = $2 AND r.state = 'open' ORDER BY r.id",
                          {model.text(), number}))
        requests.push_back(request_of(connection, row));
    return requests;
}

std::optional<PromotionRequest> open_request_for(Connection& connection, const ModelName& model, VersionNumber number,
                                                 const Environment& environment) {
    const auto row = connection.query_one(
        select_requests + " WHERE r.model = $1 AND r.number = $2 AND r.environment = $3 AND r.state = 'open'",
        {model.text(), number, environment.text()});
    return row ? std::optional(request_of(connection, *row)) : std::nullopt;
}

std::vector<RequestId> open_requests_past(Connection& connection, Timestamp now) {
    return ids_in(connection.query("SELECT id FROM requests WHERE state = 'open' AND expires_at <= $1 ORDER BY id",
                                   {to_value(now)}));
}

std::vector<RequestId> open_requests_decided_by(Connection& connection, const UserName& user) {
    return ids_in(
        connection.query("SELECT DISTINCT r.id FROM requests r JOIN decisions d ON d.request_id = r.id"
                         " WHERE r.state = 'open' AND d.user_name = $1 ORDER BY r.id",
                         {user.text()}));
}

std::optional<RequestState> state_of_newest_request(Connection& connection, const ModelName& model,
                                                    VersionNumber number) {
    const auto row = connection.query_one(
        "SELECT state FROM requests WHERE model = $1 AND number = $2 ORDER BY id DESC LIMIT 1", {model.text(), number});
    return row ? std::optional(state_of(*row, 0)) : std::nullopt;
}

RequestId insert_request(Connection& connection, const PromotionRequest& request) {
    const auto& baseline = request.baseline;
    return connection
        .query_one(
            "INSERT INTO requests (model, number, digest, environment, state, requester, notes, created_at, expires_at,"
            " baseline_number, baseline_digest) VALUES ($1, $2, $3, $4, 'open', $5, $6, $7, $8, $9, $10) RETURNING id",
            {request.model.text(), request.version, to_value(request.digest), request.environment.text(),
             request.requester.text(), request.notes, to_value(request.created_at), to_value(request.expires_at),
             baseline ? Value(baseline->version) : Value(), baseline ? to_value(baseline->digest) : Value()})
        .value()
        .integer(0);
}

void set_satisfied(Connection& connection, RequestId id, bool satisfied) {
    connection.execute("UPDATE requests SET satisfied = $2 WHERE id = $1 AND satisfied <> $2",
                       {id, std::int64_t{satisfied}});
}

void close_request(Connection& connection, const PromotionRequest& request) {
    connection.execute(
        "UPDATE requests SET state = $2, closing_reason = $3, verdict = $4 WHERE id = $1",
        {request.id, std::string(request_state_name(request.state)), request.closing_reason, verdict_to_json(request)});
}

void insert_decision(Connection& connection, const NewDecision& decision) {
    connection.execute(
        "INSERT INTO decisions (request_id, user_name, decision, digest, subject_digest, policy_version, comment, at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        {decision.request, decision.user.text(), std::string(decision_name(decision.decision)),
         to_value(decision.digest), to_value(decision.subject), decision.policy_version, decision.comment,
         to_value(decision.at)});
}

void insert_comment(Connection& connection, RequestId id, const Comment& comment) {
    connection.execute("INSERT INTO comments (request_id, user_name, text, at) VALUES ($1, $2, $3, $4)",
                       {id, comment.user.text(), comment.text, to_value(comment.at)});
}

RequestSubject subject_of(Connection& connection, const ModelName& model, VersionNumber number) {
    const std::vector<Value> key = {model.text(), number};
    const auto version =
        connection.query_one("SELECT digest, created_by, stage FROM versions WHERE model = $1 AND number = $2", key);
    if (!version) throw StorageError(StorageError::Kind::corrupt, "a request names a version that is not there");
    RequestSubject subject = {.digest = digest_of(*version, 0),
                              .uploader = UserName::trusted(version->text(1)),
                              .stage = stage_of(*version, 2),
                              .findings = {},
                              .reports = {},
                              .report_authors = {}};
    for (const Row& row : connection.query("SELECT severity, code, message FROM version_findings"
                                           " WHERE model = $1 AND number = $2 ORDER BY position",
                                           key))
        subject.findings.push_back({.severity = row.text(0), .code = row.text(1), .message = row.text(2)});
    for (const Row& row :
         connection.query("SELECT created_by, digest FROM reports WHERE model = $1 AND number = $2", key)) {
        subject.report_authors.insert(UserName::trusted(row.text(0)));
        subject.reports.push_back(digest_of(row, 1));
    }
    return subject;
}

}  // namespace baton::registry::storage
