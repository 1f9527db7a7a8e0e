#include "registry/stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>

#include "migrations/embedded.h"
#include "registry/objects.h"

namespace baton::registry {
namespace {

constexpr std::array all_stages = {Stage::staged, Stage::approved, Stage::live, Stage::retired, Stage::rejected};
constexpr std::array all_events = {StageEvent::approve,       StageEvent::lapse,     StageEvent::promote,
                                   StageEvent::supersede,     StageEvent::roll_back, StageEvent::reject,
                                   StageEvent::request_again, StageEvent::retire};
constexpr std::array all_states = {RequestState::open,     RequestState::approved,  RequestState::executed,
                                   RequestState::rejected, RequestState::withdrawn, RequestState::expired};

// What may follow on what, written as people say it; everything that is not here must be impossible.
const std::map<std::pair<Stage, StageEvent>, Stage> expected = {
    {{Stage::staged, StageEvent::approve}, Stage::approved},
    {{Stage::staged, StageEvent::reject}, Stage::rejected},
    {{Stage::staged, StageEvent::retire}, Stage::retired},
    {{Stage::approved, StageEvent::lapse}, Stage::staged},
    {{Stage::approved, StageEvent::promote}, Stage::live},
    {{Stage::approved, StageEvent::reject}, Stage::rejected},
    {{Stage::approved, StageEvent::retire}, Stage::retired},
    {{Stage::live, StageEvent::supersede}, Stage::approved},
    {{Stage::live, StageEvent::roll_back}, Stage::staged},
    {{Stage::live, StageEvent::reject}, Stage::rejected},
    {{Stage::rejected, StageEvent::request_again}, Stage::staged},
    {{Stage::rejected, StageEvent::retire}, Stage::retired},
};

TEST(Stage, EveryPairOfStageAndEventIsDecided) {
    for (const Stage from : all_stages) {
        for (const StageEvent event : all_events) {
            const auto found = expected.find({from, event});
            const auto wanted = found == expected.end() ? std::nullopt : std::optional(found->second);
            EXPECT_EQ(next_stage(from, event), wanted) << stage_name(from) << ", event " << static_cast<int>(event);
        }
    }
    EXPECT_EQ(transitions().size(), expected.size()) << "the table holds a pair twice";
}

TEST(Stage, OnlyApprovedVersionsGoLiveAndNothingLeavesRetired) {
    for (const Transition& transition : transitions()) {
        EXPECT_TRUE(transition.to != Stage::live || transition.from == Stage::approved);
        EXPECT_TRUE(transition.to != Stage::retired || transition.from != Stage::live);
        EXPECT_NE(transition.from, Stage::retired);
    }
}

TEST(Stage, OneEventLeadsFromOneStageToAnother) {
    std::set<std::pair<Stage, Stage>> steps;
    for (const Transition& transition : transitions())
        EXPECT_TRUE(steps.emplace(transition.from, transition.to).second)
            << stage_name(transition.from) << " to " << stage_name(transition.to);
}

TEST(Stage, NamesGoBothWays) {
    for (const Stage stage : all_stages) EXPECT_EQ(parse_stage(stage_name(stage)), stage);
    for (const char* text : {"", "Live", "live ", "archived"}) EXPECT_EQ(parse_stage(text), std::nullopt) << text;
}

std::set<std::string> quoted_words(std::string_view list) {
    std::set<std::string> words;
    for (std::size_t open = list.find('\''); open != std::string_view::npos; open = list.find('\'')) {
        list.remove_prefix(open + 1);
        const std::size_t close = list.find('\'');
        words.emplace(list.substr(0, close));
        list.remove_prefix(close + 1);
    }
    return words;
}

// The words of every CHECK (column IN ('…', '…')) of the schema.
std::vector<std::set<std::string>> checked_words(const std::string& column) {
    std::vector<std::set<std::string>> lists;
    const std::string check = "CHECK (" + column + " IN (";
    for (const auto& migration : migrations::all()) {
        std::string_view sql = migration.sql;
        for (std::size_t at = sql.find(check); at != std::string_view::npos; at = sql.find(check)) {
            sql.remove_prefix(at + check.size());
            lists.push_back(quoted_words(sql.substr(0, sql.find(')'))));
        }
    }
    return lists;
}

TEST(Stage, TheSchemaHoldsTheSameStages) {
    std::set<std::string> stages;
    for (const Stage stage : all_stages) stages.emplace(stage_name(stage));
    const auto lists = checked_words("stage");
    ASSERT_EQ(lists.size(), 2U) << "of versions and of their history";
    for (const auto& list : lists) EXPECT_EQ(list, stages);
}

TEST(RequestStates, TheSchemaHoldsAllButTheDerivedOne) {
    std::set<std::string> states;
    for (const RequestState state : all_states) {
        EXPECT_EQ(parse_request_state(request_state_name(state)), state);
        if (state != RequestState::approved) states.emplace(request_state_name(state));
    }
    EXPECT_EQ(parse_request_state("closed"), std::nullopt);
    EXPECT_THAT(checked_words("state"), testing::ElementsAre(states));
    EXPECT_THAT(checked_words("decision"), testing::ElementsAre(std::set<std::string>{"approve", "reject"}));
}

}  // namespace
}  // namespace baton::registry
