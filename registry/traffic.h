// Traffic rules: which share of a slot's requests a candidate answers (canary) or is compared on (shadow).
//
// A rule belongs to the slot that is live when it is made and to the candidate's approved promotion request. It ends
// with either: when the slot moves, or when the request is closed. Each change is one transaction that needs a
// deployer, is audited and moves the live-set revision.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/objects.h"
#include "registry/store.h"

namespace baton::registry {

enum class TrafficKind { canary, shadow };
std::string_view traffic_kind_name(TrafficKind kind);
std::optional<TrafficKind> parse_traffic_kind(std::string_view name);

// Shares are whole hundredths of a percent.
inline constexpr std::int64_t whole_share = 10'000;

struct TrafficRule {
    ModelName model;
    Environment environment;
    TrafficKind kind = TrafficKind::canary;
    VersionNumber version = 0;
    Digest digest;
    std::int64_t share = 0;
    std::string header;         // of a canary: requests with the same value of it are answered by the same version
    std::int64_t started = 0;   // the live-set revision at which the version became the candidate
    std::int64_t revision = 0;  // and of the rule's last change
    Timestamp since;
    UserName by;
    RequestId request = 0;
};

// What requests of a model meet in one environment.
struct Traffic {
    ModelName model;
    Environment environment;
    std::optional<Slot> live;
    std::optional<TrafficRule> canary;
    std::optional<TrafficRule> shadow;
    std::int64_t live_revision = 0;          // of the live set that it is part of
    std::vector<std::string> warnings = {};  // of the request by which a canary was promoted, just now

    std::int64_t revision() const;  // of the newest part; 0 when there is none
    std::string tag() const;        // another one after each change, also when a part went: "40.42.0"
};

struct WantedRule {
    TrafficKind kind = TrafficKind::canary;
    VersionRef version;
    std::int64_t share = 0;
    std::optional<std::string> header = {};  // none: what a canary of the same version has; "": none any more
    bool allow_signature_change = false;     // although it refuses requests that the live version takes
};

Result<Traffic> get_traffic(const Snapshot&, const Caller&, const ModelName&, const Environment&);
// Every rule there is, for who serves them.
std::vector<TrafficRule> traffic_rules(const Snapshot&);

// Makes or changes the wanted rules and leaves the other kind as it is. failed_precondition, listing all that is
// missing: nothing is live there, the version is, it has no model that an engine runs, it refuses requests that the
// live version takes (unless that is allowed), or it has no request that satisfies the policy. aborted when
// `expected_tag` is not that of the traffic now. A canary that keeps its version keeps the callers that it has
// when its share grows.
Result<Traffic> set_traffic(Transaction&, const ModelName&, const Environment&, const std::vector<WantedRule>& wanted,
                            const std::optional<std::string>& expected_tag);

// How rules are ended: why, and as set_traffic() has it.
struct EndOfTraffic {
    std::string reason;
    std::optional<std::string> expected_tag = {};
};

// Ends the rule of one kind, or (none given) all of them; the live version answers everything. failed_precondition when
// there is none.
Result<Traffic> clear_traffic(Transaction&, const ModelName&, const Environment&, std::optional<TrafficKind> kind,
                              const EndOfTraffic& end);

// Ends the canary for a reason, without which it is invalid_argument.
Result<Traffic> abort_canary(Transaction&, const ModelName&, const Environment&, const EndOfTraffic& end);

// Makes the canary's version live by its request, as promote() does; failed_precondition also when it failed to load.
// Whether it did is not known here: `load_failure` answers why, or nullopt.
using LoadFailure = std::function<std::optional<std::string>(const TrafficRule&)>;
Result<Traffic> promote_canary(Transaction&, const ModelName&, const Environment&, const EndOfTraffic& end,
                               const LoadFailure& load_failure = {});

// For what takes the ground from under rules. A version's request was closed: ends its rules, under a revision of their
// own; nothing to end is no error. Or the slot moves to `next`: ends all of its rules, under the revision of `next`.
void end_candidacy(Transaction&, const ModelName&, const Environment&, VersionNumber, const std::string& reason);
void end_traffic_before(Transaction&, const Slot& next);

}  // namespace baton::registry
