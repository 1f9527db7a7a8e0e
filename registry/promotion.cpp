// What changes the live set: promotion and rollback; and retirement.
#include <algorithm>

#include "registry/audit.h"
#include "registry/catalog_support.h"
#include "registry/review.h"
#include "registry/slot_history.h"
#include "registry/storage/live_set_table.h"
#include "registry/storage/request_table.h"
#include "registry/storage/slot_table.h"
#include "registry/storage/version_table.h"
#include "registry/traffic.h"
#include "registry/version_stage.h"
#include "registry/workflow.h"

namespace baton::registry {
namespace {

std::string live_text(const std::optional<Slot>& live) {
    return live ? version_text(live->model, live->version) + " is live there" : "nothing is live there";
}

Status expect_revision(const std::optional<Slot>& live, const Environment& environment,
                       std::optional<std::int64_t> expected) {
    const std::int64_t current = live ? live->revision : 0;
    if (!expected || *expected == current) return {};
    return Error{.code = Code::aborted,
                 .message = "the slot " + environment.text() + " has moved: its revision is " +
                            std::to_string(current) + ", not " + std::to_string(*expected) + "; " + live_text(live),
                 .hint = "look at what is live now, then promote with that revision"};
}

// Ends the slot that `live` holds, with its traffic rules, and puts `next` in its place under the next revision of the
// live set.
Slot replace_slot(Transaction& transaction, const std::optional<Slot>& live, Slot next) {
    storage::Connection& connection = transaction.connection();
    next.revision = storage::bump_live_revision(transaction);
    end_traffic_before(transaction, next);
    if (live) storage::end_slot(connection, live->revision, transaction.now());
    next.since = transaction.now();
    next.by = transaction.caller().user;
    storage::insert_slot(connection, next);
    return next;
}

void audit_slot(Transaction& transaction, const std::string& action, const Slot& slot,
                const std::optional<Slot>& before, std::map<std::string, std::string> details) {
    details["environment"] = slot.environment.text();
    details["revision"] = std::to_string(slot.revision);
    details["reason"] = slot.reason;
    if (before) {
        details["replaced"] = std::to_string(before->version);
        details["replaced_digest"] = before->digest.text();
    }
    append_audit(transaction, {.action = action,
                               .object = version_object(slot.model, slot.version),
                               .digest = slot.digest,
                               .details = std::move(details)});
}

// Both versions that a move of a slot concerns get their stage and their line of history.
Status settle_move(Transaction& transaction, const Slot& slot, const std::string& arrives,
                   const std::optional<Slot>& before, const std::string& leaves) {
    BATON_TRY(settle(
        transaction, slot.model, slot.version,
        storage::HistoryChange{
            .change = arrives, .environment = slot.environment, .reason = slot.reason, .request = slot.request}));
    if (!before) return {};
    return settle(
        transaction, before->model, before->version,
        storage::HistoryChange{
            .change = leaves, .environment = slot.environment, .reason = slot.reason, .request = slot.request});
}

std::string approvers_of(const PromotionRequest& request) {
    std::string names;
    for (const Approval& approval : request.approvals) {
        if (!approval.counts || approval.decision != Decision::approve) continue;
        names += (names.empty() ? "" : ", ") + approval.user.text();
    }
    return names;
}

std::vector<Slot> history_of_slot(const Snapshot& snapshot, const ModelName& model, const Environment& environment) {
    std::vector<Slot> slots = storage::slots_of(snapshot.connection(), model);
    std::erase_if(slots, [&](const Slot& slot) { return slot.environment != environment; });
    return slots;
}

// Why this version may not be rolled back to, each requirement satisfied or explained.
std::vector<Requirement> rollback_requirements(const Version& version, const std::vector<Slot>& history) {
    const std::string place = history.front().environment.text();
    std::vector<Requirement> requirements = {no_blocking_findings(version.findings), not_retired(version.stage)};
    const bool was_there = std::any_of(history.begin(), history.end(),
                                       [&](const Slot& slot) { return slot.version == version.number && slot.until; });
    const bool is_there = history.front().version == version.number;
    if (is_there) {
        requirements.push_back({"not_live_there", false, "it is what is live in " + place + " now"});
    } else if (!was_there) {
        requirements.push_back({"was_live_there", false, "it was never live in " + place + ": open a request for it"});
    } else if (was_rolled_back_from(history, version.number)) {
        requirements.push_back(
            {"not_rolled_back_from", false, place + " was rolled back from it: open a new request for it"});
    }
    return requirements;
}

Result<Version> named_target(const Snapshot& snapshot, const std::vector<Slot>& history, const VersionRef& to) {
    const Slot& live = history.front();
    BATON_ASSIGN(Version version, load_version(snapshot, live.model, to));
    const std::vector<Requirement> requirements = rollback_requirements(version, history);
    if (all_satisfied(requirements)) return version;
    return refusal(live.environment.text() + " cannot go back to " + version_text(version.model, version.number),
                   requirements);
}

// The version that was live last and may be live again.
Result<Version> previous_target(const Snapshot& snapshot, const std::vector<Slot>& history) {
    const Slot& live = history.front();
    std::vector<Requirement> in_the_way;
    for (const VersionNumber number : rollback_targets(history)) {
        BATON_ASSIGN(Version version, load_version(snapshot, live.model, number));
        const std::vector<Requirement> requirements = rollback_requirements(version, history);
        if (all_satisfied(requirements)) return version;
        for (const Requirement& requirement : requirements) {
            in_the_way.push_back({requirement.requirement, requirement.satisfied,
                                  version_text(live.model, number) + ": " + requirement.explanation});
        }
    }
    if (in_the_way.empty()) {
        in_the_way.push_back(
            {"was_live_there", false,
             "no other version was live in " + live.environment.text() + " that was not rolled back from"});
    }
    return refusal("there is nothing that " + live.environment.text() + " of " + live.model.text() + " can go back to",
                   in_the_way, "open a request for the version that should be live");
}

bool was_ever_live(const Snapshot& snapshot, const Version& version) {
    return std::ranges::any_of(storage::slots_of(snapshot.connection(), version.model),
                               [&](const Slot& slot) { return slot.version == version.number; });
}

// Requests that lost their object: the version is live there now, or is retired.
Status withdraw_open_requests(Transaction& transaction, const Version& version,
                              const std::optional<Environment>& environment, const std::string& reason) {
    for (PromotionRequest& stored :
         storage::open_requests_of(transaction.connection(), version.model, version.number)) {
        if (environment && stored.environment != *environment) continue;
        const PromotionRequest request = review(transaction, std::move(stored));
        close(transaction, request, RequestState::withdrawn, reason);
        std::map<std::string, std::string> details = audit_details(request);
        details["reason"] = reason;
        append_audit(transaction, {.action = "request.withdrawn",
                                   .object = request_object(request.id),
                                   .digest = request.digest,
                                   .details = std::move(details)});
    }
    return {};
}

}  // namespace

Result<Slot> promote(Transaction& transaction, RequestId id, std::optional<std::int64_t> expected_revision,
                     const std::string& reason) {
    const Caller& caller = transaction.caller();
    BATON_ASSIGN(const PromotionRequest request, find_reviewed(transaction, caller, id));
    BATON_TRY(require_role(caller, Role::deployer, request.model));
    BATON_TRY(require_environment(caller, request.environment));
    if (request.state != RequestState::expired) BATON_TRY(require_open(request));
    const auto live = storage::live_slot(transaction.connection(), request.model, request.environment);
    BATON_TRY(expect_revision(live, request.environment, expected_revision));
    if (request.state != RequestState::approved) {
        return refusal(version_text(request.model, request.version) + " may not go live in " +
                           request.environment.text() + " by request " + std::to_string(id),
                       request.evaluation.requirements);
    }

    // What satisfied the policy may have come without a decision: from a role that was given back, say.
    BATON_TRY(settle(transaction, request.model, request.version));
    const Slot slot = replace_slot(transaction, live,
                                   {.model = request.model,
                                    .environment = request.environment,
                                    .version = request.version,
                                    .digest = request.digest,
                                    .revision = 0,
                                    .since = {},
                                    .by = caller.user,
                                    .request = id,
                                    .rollback_of = {},
                                    .reason = is_blank(reason) ? request.notes : reason,
                                    .until = {}});
    close(transaction, request, RequestState::executed, "");
    audit_slot(transaction, "promotion.executed", slot, live,
               {{"request", std::to_string(id)},
                {"approved_by", approvers_of(request)},
                {"subject_digest", request.subject->text()}});
    BATON_TRY(settle_move(transaction, slot, "promoted", live, "superseded"));
    return slot;
}

Result<Slot> rollback(Transaction& transaction, const ModelName& model, const Environment& environment,
                      const std::optional<VersionRef>& to, const std::string& reason) {
    const Caller& caller = transaction.caller();
    BATON_TRY(require_role(caller, Role::deployer, model));
    BATON_TRY(require_environment(caller, environment));
    BATON_TRY(check_text("reason", reason, Presence::required));
    BATON_TRY(load_model(transaction, model));
    const std::vector<Slot> history = history_of_slot(transaction, model, environment);
    if (history.empty() || history.front().until) {
        const std::string what = "nothing of " + model.text() + " is live in " + environment.text();
        return refusal(what, {{"live_there", false, what}}, "a first version goes live by a promotion request");
    }
    const Slot& live = history.front();
    BATON_ASSIGN(const Version target,
                 to ? named_target(transaction, history, *to) : previous_target(transaction, history));

    const Slot slot = replace_slot(transaction, live,
                                   {.model = model,
                                    .environment = environment,
                                    .version = target.number,
                                    .digest = target.digest,
                                    .revision = 0,
                                    .since = {},
                                    .by = caller.user,
                                    .request = {},
                                    .rollback_of = live.version,
                                    .reason = reason,
                                    .until = {}});
    // A request of before must not bring the version back after it was rolled back from: that takes a new one.
    BATON_TRY(withdraw_open_requests(transaction, target, environment, "the version went live by a rollback"));
    audit_slot(transaction, "rollback.executed", slot, live, {{"rollback_of", std::to_string(live.version)}});
    BATON_TRY(settle_move(transaction, slot, "restored", live, "rolled_back"));
    return slot;
}

std::optional<Version> rollback_target(const Snapshot& snapshot, const Slot& live) {
    auto target = previous_target(snapshot, history_of_slot(snapshot, live.model, live.environment));
    return target.ok() ? std::optional(*std::move(target)) : std::nullopt;
}

Result<Version> retire(Transaction& transaction, const ModelName& model, const VersionRef& ref,
                       const std::string& reason) {
    const Caller& caller = transaction.caller();
    BATON_TRY(require_role(caller, Role::deployer, model));
    BATON_TRY(require_every_environment(caller));
    BATON_TRY(check_text("reason", reason, Presence::required));
    BATON_ASSIGN(const Version version, load_version(transaction, model, ref));
    const std::string name = version_text(model, version.number);
    std::vector<Requirement> requirements = {not_retired(version.stage)};
    for (const std::string& environment : version.live_in)
        requirements.push_back(
            {"not_live", false, "it is live in " + environment + ": promote or roll back to another version"});
    if (!all_satisfied(requirements)) return refusal(name + " cannot be retired", requirements);

    const auto stage = next_stage(version.stage, StageEvent::retire);
    if (!stage)
        return internal_error(name + " cannot be retired from the stage " + std::string(stage_name(version.stage)));
    BATON_TRY(withdraw_open_requests(transaction, version, std::nullopt, "the version was retired: " + reason));
    storage::set_version_stage(transaction.connection(), model, version.number, *stage);
    append_audit(transaction, {.action = "version.retired",
                               .object = version_object(model, version.number),
                               .digest = version.digest,
                               .details = {{"reason", reason}}});
    if (was_ever_live(transaction, version)) storage::bump_live_revision(transaction);
    BATON_TRY(
        settle(transaction, model, version.number, storage::HistoryChange{.change = "retired", .reason = reason}));
    return load_version(transaction, model, version.number);
}

}  // namespace baton::registry
