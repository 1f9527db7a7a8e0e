#include "registry/stage.h"

#include <algorithm>
#include <array>
#include <utility>

namespace baton::registry {
namespace {

constexpr std::array<std::pair<Stage, std::string_view>, 5> names = {{
    {Stage::staged, "staged"},
    {Stage::approved, "approved"},
    {Stage::live, "live"},
    {Stage::retired, "retired"},
    {Stage::rejected, "rejected"},
}};

constexpr std::array<Transition, 12> table = {{
    {Stage::staged, StageEvent::approve, Stage::approved},
    {Stage::staged, StageEvent::reject, Stage::rejected},
    {Stage::staged, StageEvent::retire, Stage::retired},
    {Stage::approved, StageEvent::lapse, Stage::staged},
    {Stage::approved, StageEvent::promote, Stage::live},
    {Stage::approved, StageEvent::reject, Stage::rejected},
    {Stage::approved, StageEvent::retire, Stage::retired},
    {Stage::live, StageEvent::supersede, Stage::approved},
    {Stage::live, StageEvent::roll_back, Stage::staged},
    {Stage::live, StageEvent::reject,
     Stage::rejected},  // rolled back from, after its request for another place was rejected
    {Stage::rejected, StageEvent::request_again, Stage::staged},
    {Stage::rejected, StageEvent::retire, Stage::retired},
}};

}  // namespace

std::string_view stage_name(Stage stage) {
    for (const auto& [known, name] : names)
        if (known == stage) return name;
    return "";
}

std::optional<Stage> parse_stage(std::string_view name) {
    for (const auto& [stage, known] : names)
        if (known == name) return stage;
    return std::nullopt;
}

std::span<const Transition> transitions() { return table; }

std::optional<Stage> next_stage(Stage from, StageEvent event) {
    const auto found = std::find_if(table.begin(), table.end(), [&](const Transition& transition) {
        return transition.from == from && transition.event == event;
    });
    if (found == table.end()) return std::nullopt;
    return found->to;
}

}  // namespace baton::registry
