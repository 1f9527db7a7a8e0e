// Random sequences of everything that people do, against a model of the rules that is as plain as possible.
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "registry/workflow.h"
#include "tests/registry/handoff.h"

namespace baton::registry {
namespace {

struct ModelledRequest {
    VersionNumber version = 0;
    std::size_t place = 0;
    RequestState state = RequestState::open;
    std::set<std::string> approvers;
    std::int64_t days_left = 30;
};

struct ModelledPlace {
    VersionNumber live = 0;              // 0: none
    std::vector<VersionNumber> back;     // what may be gone back to, nearest first
    std::vector<VersionNumber> history;  // all that went live, oldest first
};

// The rules, on plain data. Each step says whether it must succeed, and then does what it must do.
struct Rules {
    std::vector<bool> reported;
    std::vector<bool> retired;
    std::vector<ModelledRequest> requests;  // request n is the n-th
    std::array<ModelledPlace, 2> places;
    std::set<std::string> approvers = {"pat", "pia"};

    bool is_retired(VersionNumber v) const { return retired[static_cast<std::size_t>(v) - 1]; }
    bool is_open(const ModelledRequest& r) const { return r.state == RequestState::open; }
    bool is_live(VersionNumber v) const {
        return std::any_of(places.begin(), places.end(), [&](const auto& place) { return place.live == v; });
    }
    bool counts(const ModelledRequest& r, const std::string& who) const {
        return r.approvers.contains(who) && approvers.contains(who);
    }
    bool satisfied(const ModelledRequest& r) const {
        return reported[static_cast<std::size_t>(r.version) - 1] && (counts(r, "pia") || counts(r, "pat"));
    }
    RequestState state(const ModelledRequest& r) const {
        return is_open(r) && satisfied(r) ? RequestState::approved : r.state;
    }
    Stage stage(VersionNumber v) const {
        if (is_retired(v)) return Stage::retired;
        if (is_live(v)) return Stage::live;
        bool approved = false;
        bool open = false;
        RequestState newest = RequestState::open;
        for (const ModelledRequest& r : requests) {
            if (r.version != v) continue;
            newest = r.state;
            open = open || is_open(r);
            approved = approved || (is_open(r) && satisfied(r));
        }
        for (const ModelledPlace& place : places)
            approved = approved || std::count(place.back.begin(), place.back.end(), v) > 0;
        if (approved) return Stage::approved;
        return !open && newest == RequestState::rejected ? Stage::rejected : Stage::staged;
    }

    bool open_request(VersionNumber v, std::size_t place) {
        for (const ModelledRequest& r : requests)
            if (is_open(r) && r.version == v && r.place == place) return false;
        if (is_retired(v) || places[place].live == v) return false;
        requests.emplace_back();
        requests.back().version = v;
        requests.back().place = place;
        return true;
    }
    bool promote(ModelledRequest& r) {
        if (!is_open(r) || !satisfied(r)) return false;
        ModelledPlace& place = places[r.place];
        std::erase(place.back, r.version);
        if (place.live != 0) place.back.insert(place.back.begin(), place.live);
        go_live(place, r.version);
        r.state = RequestState::executed;
        return true;
    }
    bool rollback(std::size_t index, VersionNumber to) {
        ModelledPlace& place = places[index];
        const auto target = std::find_if(place.back.begin(), place.back.end(),
                                         [&](VersionNumber v) { return !is_retired(v) && (to == 0 || v == to); });
        if (place.live == 0 || target == place.back.end()) return false;
        const VersionNumber v = *target;
        place.back.erase(target);
        go_live(place, v);
        for (ModelledRequest& r : requests)
            if (is_open(r) && r.version == v && r.place == index) r.state = RequestState::withdrawn;
        return true;
    }
    bool retire(VersionNumber v) {
        if (is_retired(v) || is_live(v)) return false;
        retired[static_cast<std::size_t>(v) - 1] = true;
        for (ModelledRequest& r : requests)
            if (is_open(r) && r.version == v) r.state = RequestState::withdrawn;
        return true;
    }
    void add_report(VersionNumber v) {
        reported[static_cast<std::size_t>(v) - 1] = true;
        for (ModelledRequest& r : requests)
            if (r.version == v) r.approvers.clear();
    }
    bool end(ModelledRequest& r, RequestState state) {
        if (!is_open(r)) return false;
        r.state = state;
        return true;
    }
    void pass_days(std::int64_t days) {
        for (ModelledRequest& r : requests) {
            r.days_left -= days;
            if (is_open(r) && r.days_left <= 0) r.state = RequestState::expired;
        }
    }

private:
    static void go_live(ModelledPlace& place, VersionNumber v) {
        place.live = v;
        place.history.push_back(v);
    }
};

class HandoffProperty : public Handoff, public testing::WithParamInterface<unsigned> {
protected:
    std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
    VersionNumber any_version() { return static_cast<VersionNumber>(pick(rules_.retired.size())) + 1; }

    template <class Answered>
    void expect(const std::string& what, const Answered& answer, bool should) {
        ++(should ? done_ : refused_);
        trail_ += what + (should ? "\n" : " (refused)\n");
        if (!answer.ok()) {
            EXPECT_EQ(answer.error().code, Code::failed_precondition) << what;
            EXPECT_FALSE(answer.error().missing.empty()) << what << ": " << answer.error();
        }
        if (answer.ok() == should) return;
        ADD_FAILURE() << what << (answer.ok() ? " succeeded" : " failed: " + answer.error().message);
    }

    void step();
    void step_on_request();
    void compare() const;
    void expect_slots_are_justified() const;
    void replay_the_log() const;

    static std::string text_of(VersionNumber v, std::size_t place) {
        return std::to_string(v) + " in " + environments[place].text();
    }

    inline static const std::array environments = {production(), staging};
    std::mt19937 random_{GetParam()};
    Rules rules_;
    int done_ = 0;
    int refused_ = 0;
    std::string trail_;
};

void HandoffProperty::step_on_request() {
    const std::size_t index = pick(rules_.requests.size());
    const auto id = static_cast<RequestId>(index) + 1;
    ModelledRequest& request = rules_.requests[index];
    const std::string what = " request " + std::to_string(id);
    const std::string who = pick(2) == 0 ? "pia" : "pat";
    switch (pick(8)) {
        case 0:
            expect("reject" + what, reject_as(who, id), rules_.end(request, RequestState::rejected));
            break;
        case 1:
            expect("withdraw" + what, withdraw_as("dan", id), rules_.end(request, RequestState::withdrawn));
            break;
        case 2:
        case 3:
        case 4: {
            const bool is_new = rules_.is_open(request) && !rules_.counts(request, who);
            expect(who + " approves" + what, approve_as(who, id, digest_of(request.version)), is_new);
            if (is_new) request.approvers.insert(who);
            break;
        }
        default:
            expect("promote" + what, promote_as("dora", id), rules_.promote(request));
    }
}

void HandoffProperty::step() {
    const std::size_t place = pick(environments.size());
    const std::size_t kind = pick(20);
    if (rules_.retired.size() < 2 || (kind == 0 && rules_.retired.size() < 8)) {
        const bool reported = pick(4) != 0;
        add_version(reported);
        rules_.reported.push_back(reported);
        rules_.retired.push_back(false);
        trail_ += "register\n";
    } else if (kind <= 5) {
        const VersionNumber v = any_version();
        expect("request " + text_of(v, place), open_as("dan", v, environments[place]), rules_.open_request(v, place));
    } else if (kind <= 7) {
        const VersionNumber to = pick(2) == 0 ? 0 : any_version();
        std::optional<VersionRef> ref;
        if (to != 0) ref.emplace(to);
        expect("roll back to " + text_of(to, place), rollback_as("dora", ref, environments[place]),
               rules_.rollback(place, to));
    } else if (kind == 8) {
        const VersionNumber v = any_version();
        if (pick(3) == 0) expect("retire " + std::to_string(v), retire_as("dora", v), rules_.retire(v));
    } else if (kind == 9) {
        const VersionNumber v = any_version();
        expect("report on " + std::to_string(v), add_report_as("ada", v), true);
        rules_.add_report(v);
    } else if (kind == 10) {
        const std::string who = pick(2) == 0 ? "pia" : "pat";
        const bool gets = rules_.approvers.erase(who) == 0;
        if (gets) rules_.approvers.insert(who);
        expect("roles of " + who, set_roles(who, {gets ? Role::approver : Role::viewer}), true);
    } else if (kind == 11) {
        const auto days = static_cast<std::int64_t>(pick(9));
        clock().advance(std::chrono::days(days));
        rules_.pass_days(days);
        expire();
        trail_ += std::to_string(days) + " days pass\n";
    } else if (!rules_.requests.empty()) {
        step_on_request();
    }
}

void HandoffProperty::compare() const {
    std::size_t moves = 0;
    const SlotHistory all = slots();
    for (std::size_t i = 0; i < environments.size(); ++i) {
        std::vector<VersionNumber> history;
        for (const auto& list : {all.current, all.past})
            for (const Slot& slot : list)
                if (slot.environment == environments[i]) history.insert(history.begin(), slot.version);
        EXPECT_EQ(history, rules_.places[i].history) << environments[i].text();
        EXPECT_EQ(live_in(environments[i]).value_or(0), rules_.places[i].live);
        moves += rules_.places[i].history.size();
    }
    EXPECT_EQ(revision(), static_cast<std::int64_t>(moves)) << "one revision for each move of a slot";
    for (VersionNumber v = 1; v <= last_version(); ++v) {
        EXPECT_EQ(stage_name(stage(v)), stage_name(rules_.stage(v))) << "version " << v;
        EXPECT_EQ(stage_name(history(v).back().stage), stage_name(rules_.stage(v))) << "history of version " << v;
    }
    for (std::size_t i = 0; i < rules_.requests.size(); ++i) {
        const auto id = static_cast<RequestId>(i) + 1;
        EXPECT_EQ(request_state_name(request(id).state), request_state_name(rules_.state(rules_.requests[i]))) << id;
    }
}

// Nothing was ever live but by an approved request or a rollback, by what the tables hold.
void HandoffProperty::expect_slots_are_justified() const {
    const SlotHistory all = slots();
    for (const auto& list : {all.current, all.past}) {
        for (const Slot& slot : list) {
            ASSERT_NE(slot.request.has_value(), slot.rollback_of.has_value()) << slot.revision;
            if (slot.rollback_of) continue;
            const PromotionRequest executed = request(*slot.request);
            EXPECT_EQ(executed.state, RequestState::executed);
            EXPECT_TRUE(executed.evaluation.satisfied);
            EXPECT_EQ(executed.digest, slot.digest);
            EXPECT_TRUE(
                std::any_of(executed.approvals.begin(), executed.approvals.end(), [&](const Approval& approval) {
                    return approval.counts && approval.digest == slot.digest && approval.user != executed.requester;
                }));
        }
    }
}

// The same by the audit log alone, which also tells what is live.
void HandoffProperty::replay_the_log() const {
    std::vector<AuditEntry> entries = audit();
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
    std::map<std::string, std::set<std::pair<std::string, Digest>>> approvals;  // by request: who, what
    std::map<std::string, Digest> live;                                         // by environment
    std::int64_t moves = 0;
    for (const AuditEntry& entry : entries) {
        if (entry.action == "approval.recorded") approvals[entry.object].emplace(entry.actor, entry.digest.value());
        if (entry.action != "promotion.executed" && entry.action != "rollback.executed") continue;
        EXPECT_EQ(entry.details.at("revision"), std::to_string(++moves));
        if (entry.action == "promotion.executed") {
            const auto& given = approvals["request/" + entry.details.at("request")];
            EXPECT_TRUE(std::any_of(given.begin(), given.end(), [&](const auto& approval) {
                return approval.second == entry.digest &&
                       entry.details.at("approved_by").find(approval.first) != std::string::npos;
            }));
        } else {
            EXPECT_NE(entry.details.at("reason"), "");
        }
        live[entry.details.at("environment")] = entry.digest.value();
    }
    std::map<std::string, Digest> stored;
    for (const Slot& slot : slots().current) stored[slot.environment.text()] = slot.digest;
    EXPECT_EQ(live, stored);
}

TEST_P(HandoffProperty, StagesSlotsAndRequestsFollowTheRules) {
    for (int i = 0; i < 150 && !HasFailure(); ++i) {
        step();
        compare();
    }
    EXPECT_GT(done_, 30);
    EXPECT_GT(refused_, 10);
    if (HasFailure()) std::cout << trail_;

    expect_slots_are_justified();
    replay_the_log();
}

INSTANTIATE_TEST_SUITE_P(Seeds, HandoffProperty, testing::Range(1U, 9U));

}  // namespace
}  // namespace baton::registry
