#include "registry/version_stage.h"

#include <algorithm>
#include <map>

#include "registry/review.h"
#include "registry/slot_history.h"
#include "registry/storage/request_table.h"
#include "registry/storage/slot_table.h"
#include "registry/storage/version_table.h"

namespace baton::registry {
namespace {

// The word of the history for a step that no person took.
std::string_view change_of(StageEvent event) {
    switch (event) {
        case StageEvent::approve:
            return "approved";
        case StageEvent::lapse:
            return "lapsed";
        case StageEvent::promote:
            return "promoted";
        case StageEvent::supersede:
            return "superseded";
        case StageEvent::roll_back:
            return "rolled_back";
        case StageEvent::reject:
            return "rejected";
        case StageEvent::request_again:
            return "requested";
        case StageEvent::retire:
            return "retired";
    }
    return "";
}

bool is_live(const Slot& slot) { return !slot.until; }

bool may_be_rolled_back_to(const std::vector<Slot>& slots, VersionNumber number) {
    std::map<Environment, std::vector<Slot>> places;
    for (const Slot& slot : slots) places[slot.environment].push_back(slot);
    return std::any_of(places.begin(), places.end(), [&](const auto& place) {
        const auto targets = rollback_targets(place.second);
        return std::find(targets.begin(), targets.end(), number) != targets.end();
    });
}

struct OpenRequests {
    bool any = false;
    bool any_approved = false;
};

OpenRequests weigh_open_requests(Transaction& transaction, const ModelName& model, VersionNumber number) {
    OpenRequests found;
    for (PromotionRequest& stored : storage::open_requests_of(transaction.connection(), model, number)) {
        const PromotionRequest request = review(transaction, std::move(stored));
        storage::set_satisfied(transaction.connection(), request.id, request.evaluation.satisfied);
        found.any = true;
        found.any_approved = found.any_approved || request.state == RequestState::approved;
    }
    return found;
}

Stage stage_by_the_facts(Transaction& transaction, const ModelName& model, VersionNumber number) {
    storage::Connection& connection = transaction.connection();
    const OpenRequests open = weigh_open_requests(transaction, model, number);
    const std::vector<Slot> slots = storage::slots_of(connection, model);
    if (std::any_of(slots.begin(), slots.end(),
                    [&](const Slot& slot) { return is_live(slot) && slot.version == number; }))
        return Stage::live;
    if (open.any_approved || may_be_rolled_back_to(slots, number)) return Stage::approved;
    const bool rejected = storage::state_of_newest_request(connection, model, number) == RequestState::rejected;
    return rejected && !open.any ? Stage::rejected : Stage::staged;
}

// The event that leads from one stage to another; the table has one at most.
std::optional<StageEvent> event_between(Stage from, Stage to) {
    for (const Transition& transition : transitions())
        if (transition.from == from && transition.to == to) return transition.event;
    return std::nullopt;
}

}  // namespace

Status settle(Transaction& transaction, const ModelName& model, VersionNumber number,
              std::optional<storage::HistoryChange> change) {
    storage::Connection& connection = transaction.connection();
    const storage::RequestSubject version = storage::subject_of(connection, model, number);
    const Stage stage =
        version.stage == Stage::retired ? Stage::retired : stage_by_the_facts(transaction, model, number);
    if (stage != version.stage) {
        const auto event = event_between(version.stage, stage);
        if (!event) {
            return internal_error("no transition leads " + version_text(model, number) + " from " +
                                  std::string(stage_name(version.stage)) + " to " + std::string(stage_name(stage)));
        }
        storage::set_version_stage(connection, model, number, stage);
        if (!change) change = storage::HistoryChange{.change = std::string(change_of(*event))};
    }
    if (!change) return {};
    change->stage = stage;
    storage::append_history(transaction, model, number, version.digest, *change);
    return {};
}

}  // namespace baton::registry
