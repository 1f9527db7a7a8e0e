// Canaries and shadows: who may make them, what they rest on, and what ends them.
#include "registry/traffic.h"

#include "tests/registry/handoff.h"

namespace baton::registry {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

class TrafficTest : public Handoff {
protected:
    void SetUp() override {
        Handoff::SetUp();
        live_ = add_model();
        make_live(live_);
        candidate_ = add_model();
    }

    // A version with a model, as add_version() has none.
    VersionNumber add_model(const std::string& engine = "eigen", std::int64_t columns = 4) {
        NewVersion wanted = new_version(model_.text(), "model " + std::to_string(++models_));
        wanted.engine = engine;
        wanted.signature.inputs = {{"X", "FP32", {-1, columns}}};
        wanted.report = new_report(0.9);
        const auto version = write("ada", [&](Transaction& t) { return register_version(t, wanted); });
        EXPECT_THAT(version, is_ok());
        return version->number;
    }

    Result<Traffic> set_as(const std::string& name, const std::vector<WantedRule>& wanted,
                           const std::optional<std::string>& expected = {}) {
        return write(name, [&](Transaction& t) { return set_traffic(t, model_, production(), wanted, expected); });
    }
    Result<Traffic> canary(VersionNumber version, std::int64_t share, const std::optional<std::string>& header = {}) {
        return set_as("dora", {{TrafficKind::canary, version, share, header}});
    }
    Result<Traffic> clear(std::optional<TrafficKind> kind, const std::string& reason = "") {
        return write("dora", [&](Transaction& t) { return clear_traffic(t, model_, production(), kind, {reason}); });
    }
    Traffic traffic() const {
        return seen([&](const Snapshot& s) { return get_traffic(s, caller("vic"), model_, production()); });
    }
    std::vector<std::string> actions() const {
        std::vector<std::string> words;
        for (const AuditEntry& entry : audit()) words.push_back(entry.action);
        return words;
    }

    using Details = std::map<std::string, std::string>;
    // Of the newest entry of that action.
    Details entry(const std::string& action) const {
        Details details;
        for (const AuditEntry& each : audit())
            if (each.action == action) details = each.details;
        return details;
    }
    std::string now_revision() const { return std::to_string(revision()); }

    VersionNumber live_ = 0;
    VersionNumber candidate_ = 0;

private:
    int models_ = 0;
};

TEST_F(TrafficTest, ACanaryNeedsTheSameApprovalAsAPromotion) {
    const auto none = canary(candidate_, 500);
    ASSERT_THAT(none, fails_with(Code::failed_precondition));
    EXPECT_THAT(missing_of(none.error()), ElementsAre("promotion_request"));

    const auto opened = open_as("dan", candidate_);
    ASSERT_THAT(opened, is_ok());
    const auto unapproved = canary(candidate_, 500);
    ASSERT_THAT(unapproved, fails_with(Code::failed_precondition));
    EXPECT_THAT(missing_of(unapproved.error()), ElementsAre("approvals"));

    ASSERT_THAT(approve_as("pia", opened->id, opened->digest), is_ok());
    const std::int64_t before = revision();
    const auto set = canary(candidate_, 500, "X-User");
    ASSERT_THAT(set, is_ok());
    EXPECT_EQ(revision(), before + 1);
    ASSERT_TRUE(set->canary);
    EXPECT_EQ(set->canary->version, candidate_);
    EXPECT_EQ(set->canary->share, 500);
    EXPECT_EQ(set->canary->header, "X-User");
    EXPECT_EQ(set->canary->request, opened->id);
    EXPECT_EQ(set->canary->by.text(), "dora");
    EXPECT_EQ(set->revision(), revision());
    EXPECT_EQ(set->live->version, live_);
    EXPECT_FALSE(set->shadow);
    EXPECT_THAT(actions(), Contains("canary.started"));
    EXPECT_EQ(changes(candidate_).back(), "canary");
    EXPECT_EQ(live_in(production()), live_) << "a canary is not the live version";
}

TEST_F(TrafficTest, OnlyDeployersInScopeMayChangeIt) {
    approved_request(candidate_);
    EXPECT_THAT(set_as("pia", {{TrafficKind::canary, candidate_, 500}}), fails_with(Code::permission_denied));
    Caller limited = caller("dora");
    limited.environments = {"staging"};
    EXPECT_THAT(write(as(limited),
                      [&](Transaction& t) {
                          return set_traffic(t, model_, production(), {{TrafficKind::canary, candidate_, 500}}, {});
                      }),
                fails_with(Code::permission_denied));
    ASSERT_THAT(canary(candidate_, 500), is_ok());
    EXPECT_THAT(write("ada", [&](Transaction& t) { return clear_traffic(t, model_, production(), {}, {""}); }),
                fails_with(Code::permission_denied));
    EXPECT_THAT(write("ada", [&](Transaction& t) { return promote_canary(t, model_, production(), {"good"}); }),
                fails_with(Code::permission_denied));
}

TEST_F(TrafficTest, RefusesWhatCannotBeACandidate) {
    EXPECT_THAT(missing_of(canary(live_, 500).error()), ElementsAre("not_live_there"));
    const VersionNumber files = add_model("none");
    approved_request(files);
    EXPECT_THAT(missing_of(canary(files, 500).error()), ElementsAre("model"));
    approved_request(candidate_, staging);
    const auto elsewhere = write("dora", [&](Transaction& t) {
        return set_traffic(t, model_, staging, {{TrafficKind::shadow, candidate_, 10000}}, {});
    });
    EXPECT_THAT(missing_of(elsewhere.error()), ElementsAre("live_there"));
    approved_request(candidate_);
    EXPECT_THAT(canary(candidate_, 10001), fails_with(Code::invalid_argument));
    EXPECT_THAT(canary(candidate_, -1), fails_with(Code::invalid_argument));
    EXPECT_THAT(canary(candidate_, 1, "not a name"), fails_with(Code::invalid_argument));
    EXPECT_THAT(set_as("dora", {}), fails_with(Code::invalid_argument));
    EXPECT_THAT(canary(99, 1), fails_with(Code::not_found));
    EXPECT_FALSE(traffic().canary);
}

TEST_F(TrafficTest, AGrowingCanaryKeepsItsStart) {
    approved_request(candidate_);
    const auto first = canary(candidate_, 500);
    const auto grown = canary(candidate_, 5000);
    ASSERT_THAT(grown, is_ok());
    EXPECT_EQ(grown->canary->started, first->canary->started);
    EXPECT_GT(grown->canary->revision, first->canary->revision);
    EXPECT_THAT(actions(), IsSupersetOf({"canary.started", "canary.changed"}));

    const VersionNumber other = add_model();
    approved_request(other);
    const auto replaced = canary(other, 5000);
    ASSERT_THAT(replaced, is_ok());
    EXPECT_GT(replaced->canary->started, grown->canary->started);
    EXPECT_THAT(entry("canary.ended"), IsSupersetOf(Details{{"revision", now_revision()}}));
    EXPECT_EQ(changes(candidate_).back(), "canary_ended");
    EXPECT_EQ(history(candidate_).back().reason, "another candidate took its place");
}

TEST_F(TrafficTest, AGrowingCanaryKeepsItsHeaderUnlessAnotherIsGiven) {
    approved_request(candidate_);
    ASSERT_THAT(canary(candidate_, 500, "X-User"), is_ok());
    EXPECT_EQ(canary(candidate_, 1000)->canary->header, "X-User");
    EXPECT_EQ(canary(candidate_, 1000, "X-Team")->canary->header, "X-Team");
    EXPECT_EQ(canary(candidate_, 1000, "")->canary->header, "");
    EXPECT_EQ(canary(candidate_, 1000)->canary->header, "");

    ASSERT_THAT(canary(candidate_, 500, "X-User"), is_ok());
    const VersionNumber other = add_model();
    approved_request(other);
    EXPECT_EQ(canary(other, 500)->canary->header, "") << "that is another canary";
}

TEST_F(TrafficTest, ExpectedRevisionIsCompared) {
    approved_request(candidate_);
    const std::string seen_tag = traffic().tag();
    ASSERT_THAT(set_as("dora", {{TrafficKind::canary, candidate_, 500}}, seen_tag), is_ok());
    EXPECT_THAT(set_as("dora", {{TrafficKind::canary, candidate_, 600}}, seen_tag), fails_with(Code::aborted));
    ASSERT_THAT(set_as("dora", {{TrafficKind::shadow, candidate_, 100}}), is_ok());
    ASSERT_THAT(set_as("dora", {{TrafficKind::canary, candidate_, 600}}), is_ok());
    const std::string with_shadow = traffic().tag();
    ASSERT_THAT(clear(TrafficKind::shadow), is_ok());
    for (const auto& kind : {std::optional(TrafficKind::canary), std::optional<TrafficKind>()}) {
        EXPECT_THAT(write("dora",
                          [&](Transaction& t) {
                              return clear_traffic(t, model_, production(), kind, {"", with_shadow});
                          }),
                    fails_with(Code::aborted));
    }
    EXPECT_THAT(write("dora",
                      [&](Transaction& t) {
                          return promote_canary(t, model_, production(), {"", with_shadow});
                      }),
                fails_with(Code::aborted));
    EXPECT_THAT(set_as("dora", {{TrafficKind::canary, candidate_, 700}}, with_shadow), fails_with(Code::aborted))
        << "also when a part went";
}

TEST_F(TrafficTest, BreakingACanaryOffNeedsAReason) {
    approved_request(candidate_);
    ASSERT_THAT(canary(candidate_, 500), is_ok());
    const auto abort = [&](const std::string& reason) {
        return write("dora", [&](Transaction& t) { return abort_canary(t, model_, production(), {reason}); });
    };
    EXPECT_THAT(abort(""), fails_with(Code::invalid_argument));
    EXPECT_THAT(abort(" \n"), fails_with(Code::invalid_argument));
    ASSERT_TRUE(traffic().canary);
    ASSERT_THAT(abort("slow"), is_ok());
    EXPECT_FALSE(traffic().canary);
    EXPECT_THAT(entry("canary.ended"), IsSupersetOf(Details{{"reason", "slow"}}));
}

TEST_F(TrafficTest, ABlankReasonOfAPromotionIsNone) {
    approved_request(candidate_);
    ASSERT_THAT(canary(candidate_, 500), is_ok());
    const auto promoted = write("dora", [&](Transaction& t) { return promote_canary(t, model_, production(), {" "}); });
    ASSERT_THAT(promoted, is_ok());
    EXPECT_EQ(promoted->live->reason, "please");
}

TEST_F(TrafficTest, ACanaryIsPromotedInOneCall) {
    const RequestId id = approved_request(candidate_);
    ASSERT_THAT(canary(candidate_, 500), is_ok());
    ASSERT_THAT(set_as("dora", {{TrafficKind::shadow, candidate_, 10000}}), is_ok());
    const auto promoted =
        write("dora", [&](Transaction& t) { return promote_canary(t, model_, production(), {"good"}); });
    ASSERT_THAT(promoted, is_ok());
    EXPECT_EQ(promoted->live->version, candidate_);
    EXPECT_EQ(promoted->live->request, id);
    EXPECT_FALSE(promoted->canary);
    EXPECT_FALSE(promoted->shadow);
    EXPECT_EQ(request(id).state, RequestState::executed);
    EXPECT_EQ(live_in(production()), candidate_);
    EXPECT_THAT(actions(), IsSupersetOf({"canary.ended", "shadow.ended", "promotion.executed"}));
}

TEST_F(TrafficTest, ACanaryWhoseApprovalLapsedIsNotPromoted) {
    approved_request(candidate_);
    ASSERT_THAT(canary(candidate_, 500), is_ok());
    ASSERT_THAT(add_report_as("ada", candidate_), is_ok());
    EXPECT_THAT(write("dora", [&](Transaction& t) { return promote_canary(t, model_, production(), {"good"}); }),
                fails_with(Code::failed_precondition));
    EXPECT_TRUE(traffic().canary);
}

TEST_F(TrafficTest, ClearingGoesBackToTheLiveVersion) {
    EXPECT_THAT(write("dora", [&](Transaction& t) { return clear_traffic(t, model_, production(), {}, {""}); }),
                fails_with(Code::failed_precondition));
    approved_request(candidate_);
    const auto both = set_as("dora", {{TrafficKind::canary, candidate_, 500}, {TrafficKind::shadow, candidate_, 100}});
    ASSERT_THAT(both, is_ok());
    const std::int64_t before = revision();
    const auto one = write(
        "dora", [&](Transaction& t) { return clear_traffic(t, model_, production(), TrafficKind::canary, {"slow"}); });
    ASSERT_THAT(one, is_ok());
    EXPECT_FALSE(one->canary);
    EXPECT_TRUE(one->shadow);
    EXPECT_EQ(revision(), before + 1);
    EXPECT_EQ(changes(candidate_).back(), "canary_ended");
    EXPECT_EQ(history(candidate_).back().reason, "slow");
    ASSERT_THAT(write("dora", [&](Transaction& t) { return clear_traffic(t, model_, production(), {}, {""}); }),
                is_ok());
    EXPECT_FALSE(traffic().shadow);
    ASSERT_THAT(canary(candidate_, 500), is_ok()) << "the request is still open";
}

TEST_F(TrafficTest, AuditEntriesSayTheShareAndTheRevisionOfTheChange) {
    approved_request(candidate_);
    ASSERT_THAT(set_as("dora", {{TrafficKind::canary, candidate_, 550}, {TrafficKind::shadow, candidate_, 100}}),
                is_ok());
    EXPECT_THAT(entry("canary.started"), IsSupersetOf(Details{{"percent", "5.5"}, {"revision", now_revision()}}));
    EXPECT_THAT(entry("shadow.started"), IsSupersetOf(Details{{"sample", "1"}, {"revision", now_revision()}}));
    ASSERT_THAT(write("dora", [&](Transaction& t) { return clear_traffic(t, model_, production(), {}, {"slow"}); }),
                is_ok());
    EXPECT_THAT(entry("canary.ended"), IsSupersetOf(Details{{"reason", "slow"}, {"revision", now_revision()}}));

    ASSERT_THAT(set_as("dora", {{TrafficKind::canary, candidate_, 550}}), is_ok());
    ASSERT_THAT(write("dora", [&](Transaction& t) { return promote_canary(t, model_, production(), {"good"}); }),
                is_ok());
    EXPECT_THAT(entry("canary.ended"),
                IsSupersetOf(Details{{"reason", "it became live"}, {"revision", now_revision()}}));
    EXPECT_THAT(entry("promotion.executed"), IsSupersetOf(Details{{"revision", now_revision()}, {"reason", "good"}}));
}

TEST_F(TrafficTest, EndsWhenTheSlotMoves) {
    const VersionNumber other = add_model();
    approved_request(candidate_);
    ASSERT_THAT(canary(candidate_, 500), is_ok());
    make_live(other);
    EXPECT_FALSE(traffic().canary);
    ASSERT_THAT(canary(candidate_, 500), is_ok());
    const std::int64_t before = revision();
    ASSERT_THAT(rollback_as("dora"), is_ok());
    EXPECT_FALSE(traffic().canary);
    EXPECT_GT(revision(), before);
    EXPECT_EQ(live_in(production()), live_);
}

TEST_F(TrafficTest, EndsWithItsRequest) {
    const auto restart = [&] {
        approved_request(candidate_);
        ASSERT_THAT(set_as("dora", {{TrafficKind::canary, candidate_, 500}, {TrafficKind::shadow, candidate_, 100}}),
                    is_ok());
    };
    restart();
    ASSERT_THAT(withdraw_as("dan", traffic().canary->request), is_ok());
    EXPECT_FALSE(traffic().canary || traffic().shadow);
    restart();
    ASSERT_THAT(reject_as("pat", traffic().canary->request), is_ok());
    EXPECT_FALSE(traffic().canary || traffic().shadow);
    restart();
    clock().advance(std::chrono::days(31));
    expire();
    EXPECT_FALSE(traffic().canary || traffic().shadow);
    EXPECT_THAT(entry("canary.ended"), IsSupersetOf(Details{{"revision", now_revision()}}));
    restart();
    ASSERT_THAT(retire_as("dora", candidate_), is_ok());
    EXPECT_FALSE(traffic().canary || traffic().shadow);
}

TEST_F(TrafficTest, GoldenOutputsAreKeptAndInTheLog) {
    NewVersion wanted = new_version(model_.text(), "with golden");
    wanted.golden = R"({"recipe":1})";
    const auto version = write("ada", [&](Transaction& t) { return register_version(t, wanted); });
    ASSERT_THAT(version, is_ok());
    const auto golden = [&](VersionNumber number) {
        return seen([&](const Snapshot& s) { return Result<std::string>(golden_of(s, model_, number)); });
    };
    EXPECT_EQ(golden(version->number), wanted.golden);
    EXPECT_EQ(golden(live_), "");
    EXPECT_EQ(audit().back().details.at("golden_digest"), sha256(wanted.golden).text());
}

TEST_F(TrafficTest, ACandidateMustTakeWhatTheLiveVersionTakesUnlessThatIsAllowed) {
    const VersionNumber other = add_model("eigen", 3);
    approved_request(other);
    for (const TrafficKind kind : {TrafficKind::canary, TrafficKind::shadow}) {
        WantedRule rule{.kind = kind, .version = other, .share = 5000};
        const auto refused = set_as("dora", {rule});
        ASSERT_THAT(refused, fails_with(Code::failed_precondition));
        EXPECT_THAT(missing_of(refused.error()), ElementsAre("input_signature"));
        EXPECT_THAT(refused.error().missing[0].explanation, HasSubstr("input X is FP32 [-1, 3], not FP32 [-1, 4]"));
        EXPECT_THAT(refused.error().hint, HasSubstr("allow_signature_change"));
        rule.allow_signature_change = true;
        EXPECT_THAT(set_as("dora", {rule}), is_ok());
    }
    EXPECT_TRUE(traffic().canary);
}

TEST_F(TrafficTest, ARequestWarnsOfAnotherInputSignatureAndPassesAllTheSame) {
    EXPECT_TRUE(request(approved_request(candidate_)).warnings.empty());
    const VersionNumber narrower = add_model("eigen", 3);
    const RequestId id = approved_request(narrower);
    ASSERT_EQ(request(id).warnings.size(), 1U);
    EXPECT_THAT(request(id).warnings[0], HasSubstr("FP32 [-1, 3]"));
    ASSERT_THAT(set_as("dora", {{TrafficKind::canary, narrower, 100, "", true}}), is_ok());
    const auto promoted = write("dora", [&](Transaction& t) { return promote_canary(t, model_, production(), {""}); });
    ASSERT_THAT(promoted, is_ok());
    ASSERT_EQ(promoted->warnings.size(), 1U) << "who promotes it as a canary is told as well";
    EXPECT_EQ(promoted->live->reason, "please");
    EXPECT_TRUE(request(id).warnings.empty()) << "that is decided";
}

TEST_F(TrafficTest, ACanaryThatFailedToLoadIsNotPromoted) {
    approved_request(candidate_);
    ASSERT_THAT(canary(candidate_, 500), is_ok());
    const auto end_as = [&](const std::string& name, const LoadFailure& load_failure) {
        return write(name,
                     [&](Transaction& t) { return promote_canary(t, model_, production(), {"good"}, load_failure); });
    };
    const auto failed = [](const TrafficRule&) { return std::optional<std::string>("out of memory"); };
    const auto refused = end_as("dora", failed);
    ASSERT_THAT(refused, fails_saying(Code::failed_precondition, "failed to load"));
    EXPECT_EQ(refused.error().missing[0].explanation, "out of memory");
    EXPECT_THAT(end_as("vic", failed), fails_with(Code::permission_denied));
    EXPECT_TRUE(traffic().canary);
    ASSERT_THAT(end_as("dora", [](const TrafficRule&) { return std::nullopt; }), is_ok());
    EXPECT_EQ(traffic().live->version, candidate_);
}

}  // namespace
}  // namespace baton::registry
