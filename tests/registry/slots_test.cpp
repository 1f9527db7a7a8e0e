#include "registry/slot_history.h"

#include "registry/storage/database.h"
#include "tests/registry/handoff.h"

namespace baton::registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// One place, oldest first: each entry is a version that went live, by a rollback from another where that is given.
struct Move {
    VersionNumber version;
    std::optional<VersionNumber> rollback_of = {};
};

std::vector<Slot> past(const std::vector<Move>& moves) {
    std::vector<Slot> slots;
    std::int64_t revision = 0;
    for (const Move& move : moves) {
        if (!slots.empty()) slots.front().until = Timestamp();
        slots.insert(slots.begin(), Slot{.model = ModelName::trusted("m"),
                                         .environment = production(),
                                         .version = move.version,
                                         .digest = {},
                                         .revision = ++revision,
                                         .since = {},
                                         .by = UserName::trusted("dora"),
                                         .request = {},
                                         .rollback_of = move.rollback_of,
                                         .reason = {},
                                         .until = {}});
    }
    return slots;
}

TEST(SlotHistory, RollbacksGoToWhatWasLiveAndWasNotRolledBackFrom) {
    struct Case {
        std::vector<Move> moves;
        std::vector<VersionNumber> targets;
    };
    const std::vector<Case> cases = {
        {{}, {}},
        {{{1}}, {}},
        {{{1}, {2}}, {1}},
        {{{1}, {2}, {3}}, {2, 1}},
        {{{1}, {2}, {1, 2}}, {}},                // 2 was rolled back from
        {{{1}, {2}, {3}, {2, 3}}, {1}},          // and so was 3
        {{{1}, {2}, {3}, {2, 3}, {1, 2}}, {}},   // one after the other
        {{{1}, {2}, {1, 2}, {2}}, {1}},          // promoted again
        {{{1}, {2}, {1, 2}, {2}, {3}}, {2, 1}},  // so that it counts again
        {{{1}, {2}, {1, 2}, {3}}, {1}},          // but not before
        {{{1}, {2}, {1, 2}, {3}, {1, 3}, {4}}, {1}},
        {{{1}, {2}, {3}, {1, 3}, {4}}, {1, 2}},  // the one that was live last comes first
    };
    for (const Case& c : cases) {
        const auto slots = past(c.moves);
        EXPECT_EQ(rollback_targets(slots), c.targets) << c.moves.size() << " moves";
        for (const Slot& slot : slots) {
            const bool is_target = std::count(c.targets.begin(), c.targets.end(), slot.version) > 0;
            const bool is_live = slot.version == slots.front().version;
            EXPECT_EQ(was_rolled_back_from(slots, slot.version), !is_target && !is_live) << slot.version;
        }
    }
}

using Slots = Handoff;

TEST_F(Slots, AreEmptyAtFirst) {
    add_version();
    EXPECT_THAT(slots().current, IsEmpty());
    EXPECT_THAT(slots().past, IsEmpty());
    EXPECT_EQ(revision(), 0);
}

TEST_F(Slots, TellWhatIsLiveAndWhatWas) {
    make_live(add_version());
    clock().advance(std::chrono::hours(1));
    const Slot second = make_live(add_version());
    make_live(2, staging);

    const SlotHistory history = slots();
    ASSERT_EQ(history.current.size(), 2U);
    EXPECT_EQ(history.current[0].environment, production());
    EXPECT_EQ(history.current[0].version, 2);
    EXPECT_EQ(history.current[0].digest, digest_of(2));
    EXPECT_EQ(history.current[0].by.text(), "dora");
    EXPECT_EQ(history.current[0].until, std::nullopt);
    EXPECT_EQ(history.current[1].environment, staging);
    ASSERT_EQ(history.past.size(), 1U);
    EXPECT_EQ(history.past[0].version, 1);
    EXPECT_EQ(history.past[0].until, second.since) << "no moment is without a live version";
    EXPECT_EQ(version(2).live_in, (std::vector<std::string>{"production", "staging"}));
}

TEST_F(Slots, OfAnUnknownModelAreNotFound) {
    add_version();
    const auto ask = [&](const std::string& model, std::vector<std::string> patterns) {
        Caller vic = caller("vic");
        vic.models = std::move(patterns);
        const auto answer = read([&](const Snapshot& s) { return model_slots(s, vic, ModelName::trusted(model)); });
        return answer.ok() ? std::optional<Code>() : answer.error().code;
    };
    EXPECT_EQ(ask("credit-risk", {}), std::nullopt);
    EXPECT_EQ(ask("other", {}), Code::not_found);
    EXPECT_EQ(ask("credit-risk", {"fraud-*"}), Code::not_found);
}

TEST_F(Slots, TheLiveSnapshotKeepsToWhatTheCallerSees) {
    make_live(add_version());
    make_live(1, staging);
    const auto live = [&](const Caller* caller, std::optional<Environment> environment) {
        std::vector<std::string> places;
        const auto snapshot = seen([&](const Snapshot& s) { return live_snapshot(s, caller, environment); });
        EXPECT_EQ(snapshot.revision, 2);
        for (const Slot& slot : snapshot.slots) places.push_back(slot.environment.text());
        return places;
    };
    Caller vic = caller("vic");
    EXPECT_THAT(live(&vic, {}), ElementsAre("production", "staging"));
    EXPECT_THAT(live(&vic, staging), ElementsAre("staging"));
    EXPECT_THAT(live(&vic, Environment::trusted("nowhere")), IsEmpty());
    EXPECT_THAT(live(nullptr, {}), ElementsAre("production", "staging"));
    vic.models = {"fraud-*"};
    EXPECT_THAT(live(&vic, {}), IsEmpty());
}

TEST_F(Slots, ThePastCannotBeChanged) {
    make_live(add_version());
    make_live(add_version());
    for (const char* sql :
         {"DELETE FROM slots", "UPDATE slots SET until = NULL", "UPDATE slots SET number = 2, until = 1",
          "UPDATE slots SET until = 1 WHERE until IS NOT NULL",
          "INSERT INTO slots (revision, model, environment, number, digest, since, actor, reason)"
          " SELECT 99, model, environment, number, digest, since, actor, reason FROM slots WHERE until IS NULL"}) {
        const auto status =
            write("dora", [&](Transaction& t) -> Result<std::int64_t> { return t.connection().execute(sql); });
        EXPECT_FALSE(status.ok()) << sql;
    }
    EXPECT_EQ(live_in(production()), 2);
}

}  // namespace
}  // namespace baton::registry
