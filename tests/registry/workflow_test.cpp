// Requests, withdrawal, expiry and retirement.
#include "registry/workflow.h"

#include "tests/registry/handoff.h"

namespace baton::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Workflow = Handoff;

TEST_F(Workflow, AVersionGoesFromRegisteredToLive) {
    const VersionNumber number = add_version();
    EXPECT_EQ(stage(number), Stage::staged);

    const auto opened = open_as("dan", number);
    ASSERT_THAT(opened, is_ok());
    EXPECT_EQ(opened->state, RequestState::open);
    EXPECT_EQ(opened->digest, digest_of(number));
    EXPECT_EQ(opened->requester.text(), "dan");
    EXPECT_EQ(opened->expires_at - opened->created_at, std::chrono::days(30));
    EXPECT_FALSE(opened->evaluation.satisfied);
    EXPECT_EQ(stage(number), Stage::staged);

    const auto approved = approve_as("pia", opened->id, opened->digest);
    ASSERT_THAT(approved, is_ok());
    EXPECT_EQ(approved->state, RequestState::approved);
    EXPECT_TRUE(approved->evaluation.satisfied);
    EXPECT_EQ(stage(number), Stage::approved);

    const auto slot = promote_as("dora", opened->id);
    ASSERT_THAT(slot, is_ok());
    EXPECT_EQ(slot->version, number);
    EXPECT_EQ(slot->request, opened->id);
    EXPECT_EQ(slot->revision, 1);
    EXPECT_EQ(stage(number), Stage::live);
    EXPECT_EQ(request(opened->id).state, RequestState::executed);

    EXPECT_THAT(changes(number), ElementsAre("registered", "requested", "approved", "promoted"));
    std::vector<std::string> actions;
    for (const AuditEntry& entry : audit())
        if (!entry.action.starts_with("user.")) actions.insert(actions.begin(), entry.action);
    EXPECT_THAT(actions, testing::IsSupersetOf(
                             {"version.registered", "request.opened", "approval.recorded", "promotion.executed"}));
}

TEST_F(Workflow, ARequestRemembersWhatWasLiveWhenItWasOpened) {
    make_live(add_version());
    const auto opened = open_as("dan", add_version());
    ASSERT_THAT(opened, is_ok());
    ASSERT_TRUE(opened->baseline.has_value());
    EXPECT_EQ(opened->baseline->version, 1);
    EXPECT_EQ(opened->baseline->digest, digest_of(1));
}

TEST_F(Workflow, ARequestIsRefusedForEachReasonAtOnce) {
    add_version();
    add_version(true, {{.severity = "blocking", .code = "pickle", .message = "model.pkl is a pickle"}});
    ASSERT_THAT(open_as("dan", 1), is_ok());
    const auto again = open_as("ada", 1);
    ASSERT_FALSE(again.ok());
    EXPECT_THAT(again, fails_with(Code::failed_precondition));
    EXPECT_THAT(missing_of(again.error()), ElementsAre("no_open_request"));
    EXPECT_THAT(again.error().missing[0].explanation, HasSubstr("request 1"));
    EXPECT_THAT(open_as("ada", 1, staging), is_ok()) << "another place is another matter";

    ASSERT_THAT(retire_as("dora", 2), is_ok());
    const auto blocked = open_as("dan", 2);
    ASSERT_FALSE(blocked.ok());
    EXPECT_THAT(missing_of(blocked.error()), ElementsAre("no_blocking_findings", "not_retired"));

    make_live(add_version());
    const auto live = open_as("dan", 3);
    ASSERT_FALSE(live.ok());
    EXPECT_THAT(missing_of(live.error()), ElementsAre("not_live_there"));
}

TEST_F(Workflow, RolesAreNeededForEachStep) {
    add_version();
    for (const char* name : {"pia", "dora", "vic", "root"})
        EXPECT_THAT(open_as(name, 1), fails_with(Code::permission_denied)) << name;
    const RequestId id = open_as("dan", 1)->id;
    for (const char* name : {"dan", "dora", "vic", "root"}) {
        EXPECT_THAT(approve_as(name, id, digest_of(1)), fails_with(Code::permission_denied)) << name;
        EXPECT_THAT(reject_as(name, id), fails_with(Code::permission_denied)) << name;
    }
    ASSERT_THAT(approve_as("pia", id, digest_of(1)), is_ok());
    for (const char* name : {"dan", "pia", "vic", "root"}) {
        EXPECT_THAT(promote_as(name, id), fails_with(Code::permission_denied)) << name;
        EXPECT_THAT(rollback_as(name), fails_with(Code::permission_denied)) << name;
        EXPECT_THAT(retire_as(name, 1), fails_with(Code::permission_denied)) << name;
    }
    for (const char* name : {"ada", "pia", "vic", "dora"})
        EXPECT_THAT(withdraw_as(name, id), fails_with(Code::permission_denied)) << name;
}

TEST_F(Workflow, AnEnvironmentScopeIsKept) {
    add_version();
    const auto scoped = [&](const std::string& name) {
        Call call = as(name);
        call.caller.environments = {"stag*"};
        return call;
    };
    const auto open_scoped = [&](const Environment& environment) {
        return write(scoped("dan"), [&](Transaction& t) {
            return open_request(
                t, {.model = model_, .version = VersionNumber(1), .environment = environment, .notes = {}});
        });
    };
    EXPECT_THAT(open_scoped(production()), fails_with(Code::permission_denied));
    EXPECT_THAT(open_scoped(staging), is_ok());

    const RequestId id = open_as("dan", 1)->id;
    const auto approve_scoped = write(scoped("pia"), [&](Transaction& t) { return approve(t, id, digest_of(1), ""); });
    EXPECT_THAT(approve_scoped, fails_with(Code::permission_denied));
    ASSERT_THAT(approve_as("pia", id, digest_of(1)), is_ok());
    const auto promote_scoped = write(scoped("dora"), [&](Transaction& t) { return promote(t, id, {}); });
    ASSERT_THAT(promote_scoped, fails_with(Code::permission_denied));
    EXPECT_THAT(promote_scoped.error().message, HasSubstr("production"));
}

TEST_F(Workflow, RequestsOfHiddenModelsAreNotFound) {
    add_version();
    const RequestId id = approved_request(1);
    Call call = as("olga");
    call.caller.models = {"fraud-*"};
    const auto is_hidden = fails_with(Code::not_found);
    EXPECT_THAT(write(call, [&](Transaction& t) { return get_request(t, t.caller(), id); }), is_hidden);
    EXPECT_THAT(write(call, [&](Transaction& t) { return comment(t, id, "hello"); }), is_hidden);
    EXPECT_THAT(write(call, [&](Transaction& t) { return approve(t, id, digest_of(1), ""); }), is_hidden);
    EXPECT_THAT(write(call, [&](Transaction& t) { return reject(t, id, "no"); }), is_hidden);
    EXPECT_THAT(write(call, [&](Transaction& t) { return withdraw(t, id); }), is_hidden);
    EXPECT_THAT(write(call, [&](Transaction& t) { return promote(t, id, {}); }), is_hidden);
    EXPECT_THAT(write(call, [&](Transaction& t) { return retire(t, model_, VersionNumber(1), "no"); }), is_hidden);
    const auto hidden = write(call, [&](Transaction& t) { return get_request(t, t.caller(), id); });
    const auto absent = write(call, [&](Transaction& t) { return get_request(t, t.caller(), id + 1); });
    EXPECT_EQ(hidden.error().hint, absent.error().hint);
    const auto list = write(call, [&](Transaction& t) { return list_requests(t, t.caller(), {}); });
    EXPECT_THAT(list->items, IsEmpty());
}

TEST_F(Workflow, RequestsAreWithdrawnByTheRequesterOrAnAdmin) {
    add_version();
    const RequestId first = approved_request(1);
    const auto withdrawn = withdraw_as("dan", first);
    ASSERT_THAT(withdrawn, is_ok());
    EXPECT_EQ(withdrawn->state, RequestState::withdrawn);
    EXPECT_EQ(stage(1), Stage::staged);
    const RequestId second = open_as("dan", 1)->id;
    EXPECT_NE(first, second);
    ASSERT_THAT(withdraw_as("root", second), is_ok());
    EXPECT_THAT(withdraw_as("dan", second), fails_with(Code::failed_precondition));
}

TEST_F(Workflow, AWithdrawalNeedsTheRightsThatOpeningTakes) {
    add_version();
    const RequestId id = open_as("dan", 1)->id;
    const auto withdraw_with = [&](const std::function<void(Caller&)>& narrow) {
        Call call = as("dan");
        narrow(call.caller);
        return write(call, [&](Transaction& t) { return withdraw(t, id); });
    };
    EXPECT_THAT(withdraw_with([](Caller& caller) { caller.roles = {Role::viewer}; }),
                fails_saying(Code::permission_denied, "developer"));
    EXPECT_THAT(withdraw_with([](Caller& caller) { caller.environments = {"staging"}; }),
                fails_saying(Code::permission_denied, "production"));
    EXPECT_EQ(request(id).state, RequestState::open);
    EXPECT_THAT(withdraw_with([](Caller& caller) { caller.environments = {"prod*"}; }), is_ok());
}

TEST_F(Workflow, ARetirementConcernsEveryEnvironment) {
    add_version();
    const RequestId id = open_as("dan", 1)->id;
    const auto retire_in = [&](std::vector<std::string> environments) {
        Call call = as("dora");
        call.caller.environments = std::move(environments);
        return write(call, [&](Transaction& t) { return retire(t, model_, VersionNumber(1), "of no use"); });
    };
    EXPECT_THAT(retire_in({"staging", "prod*"}), fails_saying(Code::permission_denied, "every environment"));
    EXPECT_EQ(request(id).state, RequestState::open);
    EXPECT_THAT(retire_in({"staging", "*"}), is_ok());
}

TEST_F(Workflow, RequestsExpire) {
    add_version();
    const RequestId id = approved_request(1);
    clock().advance(std::chrono::days(30) - std::chrono::seconds(1));
    EXPECT_EQ(request(id).state, RequestState::approved);
    EXPECT_EQ(expire(), 0);
    clock().advance(std::chrono::seconds(1));

    EXPECT_EQ(request(id).state, RequestState::expired) << "also before it was swept";
    EXPECT_THAT(missing_of(promote_as("dora", id).error()), ElementsAre("not_expired"));
    EXPECT_THAT(approve_as("pat", id, digest_of(1)), fails_with(Code::failed_precondition));

    EXPECT_EQ(expire(), 1);
    EXPECT_EQ(expire(), 0);
    EXPECT_EQ(request(id).state, RequestState::expired);
    EXPECT_EQ(stage(1), Stage::staged);
    EXPECT_EQ(changes(1).back(), "expired");
    EXPECT_THAT(promote_as("dora", id), fails_with(Code::failed_precondition));
}

TEST_F(Workflow, AnExpiredRequestMakesWayForANewOne) {
    add_version();
    const RequestId id = open_as("dan", 1)->id;
    clock().advance(std::chrono::days(31));
    const auto again = open_as("dan", 1);
    ASSERT_THAT(again, is_ok());
    EXPECT_EQ(request(id).state, RequestState::expired);
    EXPECT_EQ(again->state, RequestState::open);
    for (const AuditEntry& entry : audit()) {
        if (entry.action != "request.expired") continue;
        EXPECT_EQ(entry.method, "system") << "it is nobody's doing";
        EXPECT_EQ(entry.actor, "system");
    }
}

TEST_F(Workflow, AClosedRequestStaysAsItWas) {
    add_version();
    const RequestId id = make_live(1).request.value();
    const PromotionRequest before = request(id);
    EXPECT_TRUE(before.evaluation.satisfied);
    ASSERT_EQ(before.approvals.size(), 1U);
    EXPECT_TRUE(before.approvals[0].counts);
    ASSERT_THAT(set_roles("pia", {Role::viewer}), is_ok());
    clock().advance(std::chrono::days(60));
    EXPECT_EQ(expire(), 0);
    const PromotionRequest after = request(id);
    EXPECT_EQ(after.state, RequestState::executed);
    EXPECT_TRUE(after.evaluation.satisfied);
    EXPECT_TRUE(after.approvals[0].counts);
    ASSERT_EQ(after.evaluation.requirements.size(), before.evaluation.requirements.size());
    for (std::size_t i = 0; i < before.evaluation.requirements.size(); ++i)
        EXPECT_EQ(after.evaluation.requirements[i].explanation, before.evaluation.requirements[i].explanation);
}

TEST_F(Workflow, EverybodyMayComment) {
    add_version();
    const RequestId id = open_as("dan", 1)->id;
    EXPECT_EQ(audit().back().details.at("notes"), "please");
    for (const char* name : {"vic", "pia"}) {
        const auto said = write(name, [&](Transaction& t) { return comment(t, id, "what of the tail?"); });
        ASSERT_THAT(said, is_ok());
    }
    ASSERT_EQ(request(id).comments.size(), 2U);
    EXPECT_EQ(request(id).comments[0].user.text(), "vic");
    EXPECT_EQ(request(id).comments[1].text, "what of the tail?");
    EXPECT_EQ(audit().back().details.at("comment"), "what of the tail?") << "as nobody can rewrite it there";
    for (const std::string& text : {std::string(" "), std::string("\xff"), std::string(20000, 'x')}) {
        const auto said = write("vic", [&](Transaction& t) { return comment(t, id, text); });
        EXPECT_THAT(said, fails_with(Code::invalid_argument));
    }
}

TEST_F(Workflow, RetirementIsForGoodAndNotForWhatIsLive) {
    make_live(add_version());
    make_live(1, staging);
    const auto live = retire_as("dora", 1);
    ASSERT_THAT(live, fails_with(Code::failed_precondition));
    EXPECT_EQ(live.error().missing.size(), 2U);
    EXPECT_THAT(live.error().missing[0].explanation, HasSubstr("production"));
    EXPECT_THAT(live.error().missing[1].explanation, HasSubstr("staging"));

    add_version();
    const RequestId id = approved_request(2);
    EXPECT_THAT(retire_as("dora", 2, ""), fails_with(Code::invalid_argument));
    const auto retired = retire_as("dora", 2, "superseded by the next one");
    ASSERT_THAT(retired, is_ok());
    EXPECT_EQ(retired->stage, Stage::retired);
    EXPECT_EQ(request(id).state, RequestState::withdrawn);
    EXPECT_THAT(request(id).closing_reason, HasSubstr("retired"));
    EXPECT_THAT(promote_as("dora", id), fails_with(Code::failed_precondition));
    EXPECT_THAT(retire_as("dora", 2), fails_with(Code::failed_precondition));
    ASSERT_THAT(add_report_as("ada", 2), is_ok());
    EXPECT_EQ(stage(2), Stage::retired);
    EXPECT_EQ(history(2).back().reason, "superseded by the next one");
}

TEST_F(Workflow, RequestsAreListedWithWhatIsDerived) {
    add_version();
    add_version();
    add_version();
    const RequestId approved = approved_request(1);
    const RequestId open = open_as("dan", 2)->id;
    const RequestId rejected = open_as("ada", 3)->id;
    ASSERT_THAT(reject_as("pia", rejected), is_ok());
    const auto ids = [&](const std::string& filter, const std::string& order = "id") {
        std::vector<RequestId> found;
        const auto page = seen([&](const Snapshot& s) {
            return list_requests(s, caller("vic"), {.size = 100, .token = {}, .order_by = order, .filter = filter});
        });
        for (const PromotionRequest& item : page.items) {
            EXPECT_EQ(item.state, request(item.id).state);
            found.push_back(item.id);
        }
        return found;
    };
    EXPECT_THAT(ids(""), ElementsAre(approved, open, rejected));
    EXPECT_THAT(ids("", "id desc"), ElementsAre(rejected, open, approved));
    EXPECT_THAT(ids("state = 'approved'"), ElementsAre(approved));
    EXPECT_THAT(ids("state = 'open'"), ElementsAre(open));
    EXPECT_THAT(ids("state IN ('open', 'rejected')"), ElementsAre(open, rejected));
    EXPECT_THAT(ids("requester = 'dan' AND model = 'credit-risk' AND version >= 2"), ElementsAre(open));
    EXPECT_THAT(ids("approver = 'pia'"), ElementsAre(approved)) << "a rejection is no approval";
    EXPECT_THAT(ids("environment = 'staging'"), IsEmpty());
    ASSERT_THAT(set_roles("pia", {Role::viewer}), is_ok());
    EXPECT_THAT(ids("state = 'approved'"), IsEmpty());
}

}  // namespace
}  // namespace baton::registry
