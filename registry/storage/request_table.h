// Rows of promotion requests, with their decisions and comments.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "registry/objects.h"
#include "registry/storage/database.h"

namespace baton::registry::storage {

// As stored. An open one comes without an evaluation and with decisions that are not weighed; a closed one with both as
// they were when it was closed.
std::optional<PromotionRequest> find_request(Connection& connection, RequestId id);
std::vector<PromotionRequest> open_requests_of(Connection& connection, const ModelName& model, VersionNumber number);
std::optional<PromotionRequest> open_request_for(Connection& connection, const ModelName& model, VersionNumber number,
                                                 const Environment& environment);
std::vector<RequestId> open_requests_past(Connection& connection, Timestamp now);  // whose time is over
std::vector<RequestId> open_requests_decided_by(Connection& connection, const UserName& user);
std::optional<RequestState> state_of_newest_request(Connection& connection, const ModelName& model,
                                                    VersionNumber number);

RequestId insert_request(Connection& connection, const PromotionRequest& request);
void set_satisfied(Connection& connection, RequestId id, bool satisfied);
// Stores state, closing reason, subject, evaluation and weighed decisions.
void close_request(Connection& connection, const PromotionRequest& request);

struct NewDecision {
    RequestId request = 0;
    UserName user;
    Decision decision = Decision::approve;
    Digest digest;   // of the version
    Digest subject;  // of all that was decided on
    std::int64_t policy_version = 0;
    std::string comment;
    Timestamp at;
};
void insert_decision(Connection& connection, const NewDecision& decision);
void insert_comment(Connection& connection, RequestId id, const Comment& comment);  // its id is given by the table

// What a request is about, as far as policies look at it.
struct RequestSubject {
    Digest digest;
    UserName uploader;
    Stage stage = Stage::staged;
    std::vector<Finding> findings;
    std::vector<Digest> reports;
    std::set<UserName> report_authors;
};
RequestSubject subject_of(Connection& connection, const ModelName& model, VersionNumber number);

}  // namespace baton::registry::storage
