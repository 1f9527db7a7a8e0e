// The objects of the domain as snapshots read from the store. Words: docs/architecture.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "registry/names.h"
#include "registry/stage.h"

namespace baton::registry {

using Tags = std::map<std::string, std::string>;
using TagChanges = std::map<std::string, std::optional<std::string>>;  // to a new value, or none: it goes

struct LiveEntry {
    Environment environment;
    VersionNumber version = 0;
    Digest digest;
    Timestamp since;
};

struct Model {
    ModelName name;
    std::string description;
    UserName owner;
    Tags tags;
    Timestamp created_at;
    Timestamp updated_at;
    std::int64_t revision = 0;  // counts edits: the ETag
    std::int64_t versions = 0;
    std::optional<VersionNumber> latest_version;
    std::vector<LiveEntry> live;
    std::map<std::string, VersionNumber> aliases;
};

struct File {
    std::string path;
    std::uint64_t size = 0;
    Digest digest;
};

// Whose a stored file is.
struct FileUse {
    ModelName model;
    VersionNumber number = 0;
    std::string path;
};

// As inference reads it from the model; kept here as plain words so that the domain knows no engine.
struct TensorField {
    std::string name;
    std::string datatype;             // "FP32"
    std::vector<std::int64_t> shape;  // -1 varies
};
struct ModelSignature {
    std::vector<TensorField> inputs;
    std::vector<TensorField> outputs;
};

struct Finding {
    std::string severity;  // info, warning, blocking
    std::string code;
    std::string message;
};

struct Version {
    ModelName model;
    VersionNumber number = 0;
    Digest digest;  // of the manifest
    Stage stage = Stage::staged;
    Timestamp created_at;
    UserName created_by;
    std::string description;
    Tags tags;
    Tags metadata;  // framework, task, code_revision, data_digest, parent, run_id and free keys
    std::int64_t revision = 0;
    ModelSignature signature;  // empty for versions without a model that Baton reads
    std::string engine;        // eigen, onnxruntime, or "none"
    std::string model_path;    // the file that the engine loads; empty for "none"
    std::vector<File> files;   // sorted by path
    std::uint64_t size = 0;
    std::vector<std::string> live_in;  // environments
    std::vector<Finding> findings;
    std::vector<std::string> aliases;
};

enum class Trust { claimed, verified };

struct Report {
    ReportId id = 0;
    Digest version_digest;
    Digest digest;  // of the report's canonical content
    std::string dataset_name;
    std::optional<Digest> dataset_digest;
    std::optional<std::int64_t> dataset_rows;
    std::string dataset_context;  // "test", "train", …
    std::string task;             // regression, binary, multiclass
    std::map<std::string, double> metrics;
    // Canonical JSON of ci, slices, per_class_metrics and baselines, checked at the edge; "{}" when there are none.
    std::string details = "{}";
    Trust trust = Trust::claimed;
    Timestamp created_at;
    UserName created_by;
    std::string note;
};

// One row of a version's history: what changed, by whom, why.
struct HistoryEntry {
    Timestamp time;
    UserName actor;
    // registered, requested, approved, lapsed, rejected, withdrawn, expired, promoted, superseded, rolled_back (from),
    // restored (by a rollback), retired; canary, canary_ended, shadow, shadow_ended
    std::string change;
    Stage stage = Stage::staged;  // held after the change
    std::optional<Environment> environment;
    std::string reason;
    std::optional<RequestId> request;
};

enum class RequestState { open, approved, executed, rejected, withdrawn, expired };
std::string_view request_state_name(RequestState state);
std::optional<RequestState> parse_request_state(std::string_view name);

enum class Decision { approve, reject };
std::string_view decision_name(Decision decision);
std::optional<Decision> parse_decision(std::string_view name);

struct Approval {
    UserName user;
    Decision decision = Decision::approve;
    Digest digest;                  // of the version
    std::optional<Digest> subject;  // the evidence it is about (subject.h); decisions of old have none
    std::optional<std::int64_t> policy_version;
    std::string comment;
    Timestamp at;
    bool counts = false;     // by the policy, now
    std::string reason_not;  // why it does not count
};

struct Comment {
    std::int64_t id = 0;
    UserName user;
    std::string text;
    Timestamp at;
};

struct Requirement {
    std::string requirement;  // "validation_report", "approvals", …
    bool satisfied = false;
    std::string explanation;  // says what is there or what is missing
};
struct Evaluation {
    bool satisfied = false;
    std::vector<Requirement> requirements;
};

struct Baseline {
    VersionNumber version = 0;
    Digest digest;
};

struct PromotionRequest {
    RequestId id = 0;
    ModelName model;
    VersionNumber version = 0;
    Digest digest;
    std::optional<Digest> subject;  // what decisions bind to: as it is now, or was when the request was closed
    Environment environment;
    RequestState state = RequestState::open;  // `approved` is derived: open, and the policy is satisfied
    UserName requester;
    std::string notes;
    Timestamp created_at;
    Timestamp expires_at;
    std::optional<Baseline> baseline;  // what was live when it was opened
    std::string closing_reason;        // of a rejection or withdrawal
    std::vector<Approval> approvals;
    std::vector<Comment> comments;
    Evaluation evaluation;
    std::vector<std::string> warnings = {};  // what does not stop an open one, but must be known to who decides
};

// What is, or was, live in one place.
struct Slot {
    ModelName model;
    Environment environment;
    VersionNumber version = 0;
    Digest digest;
    std::int64_t revision = 0;  // the live-set revision at which it became so
    Timestamp since;
    UserName by;
    std::optional<RequestId> request;
    std::optional<VersionNumber> rollback_of;  // the version that was rolled back from
    std::string reason;
    std::optional<Timestamp> until;  // of a past one
};

struct LiveSnapshot {
    std::int64_t revision = 0;
    std::vector<Slot> slots;
};

struct AuditEntry {
    std::int64_t sequence = 0;
    Timestamp time;
    std::string actor;
    std::string action;  // "version.registered", "promotion.executed" …
    std::string object;  // "model/credit-risk", "model/credit-risk/version/3", "request/7"
    std::optional<Digest> digest;
    std::map<std::string, std::string> details;
    std::string request_id;
    std::string method;       // how the actor was known: "token", or "system" for the server itself and its operator
    std::string credential;   // the id of the token; empty without one
    std::int64_t format = 2;  // of the canonical text; 1 has neither method nor credential
    Digest hash;              // over the entry and the hash before it
};

}  // namespace baton::registry
