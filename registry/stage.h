// Stages of a version and the one table of transitions between them.
//
// A version holds one stage, the highest that the facts give it:
//   retired   it was retired; nothing leads out
//   live      it is live in some environment
//   approved  an open request of it satisfies the policy, or it was live somewhere and may go back there by a rollback
//   rejected  the newest of its requests was rejected and none is open
//   staged    all else
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace baton::registry {

enum class Stage { staged, approved, live, retired, rejected };
std::string_view stage_name(Stage stage);
std::optional<Stage> parse_stage(std::string_view name);

enum class StageEvent {
    approve,    // its request satisfies the policy
    lapse,      // the last request that was approved ended without promotion, or lost what it needed
    promote,    // becomes live somewhere
    supersede,  // the last place where it was live got another version; it stays a target of rollbacks
    roll_back,  // the last place where it was live went back to another version; only a new request leads there again
    reject,     // its newest request was rejected and nothing else holds it up
    request_again,  // a new request for a rejected version
    retire,
};

struct Transition {
    Stage from;
    StageEvent event;
    Stage to;
};

// Every transition that exists. The schema's CHECK holds the same stages; a test compares the two.
std::span<const Transition> transitions();
std::optional<Stage> next_stage(Stage from, StageEvent event);  // nullopt: not possible

}  // namespace baton::registry
