// Stages of a version and the one table of transitions between them.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace baton::registry {

enum class Stage { staged, approved, live, retired, rejected };
std::string_view stage_name(Stage stage);
std::optional<Stage> parse_stage(std::string_view name);

enum class StageEvent {
    approve,         // its request satisfies the policy
    lapse,           // the last request that was approved ended without promotion
    promote,         // becomes live somewhere
    supersede,       // the last place where it was live got another version
    reject,          // an approver rejected its request
    request_again,   // a new request for a rejected version
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
