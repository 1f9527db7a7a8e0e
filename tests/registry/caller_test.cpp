#include "registry/caller.h"

#include "tests/registry/fixture.h"

namespace baton::registry {
namespace {

Caller some_caller(const Roles& roles, std::vector<std::string> models = {},
                   std::vector<std::string> environments = {}) {
    return {user_name("ada"), "btp_12345678", roles, std::move(models), std::move(environments)};
}

TEST(CallerTest, Patterns) {
    struct Case {
        std::string_view pattern;
        std::string_view text;
        bool matches;
    };
    for (const Case& c : {
             Case{"credit-risk", "credit-risk", true},
             Case{"credit-risk", "credit-risk2", false},
             Case{"credit-*", "credit-risk", true},
             Case{"credit-*", "credit-", true},
             Case{"credit-*", "credit", false},
             Case{"*", "", true},
             Case{"*", "x", true},
             Case{"", "", true},
             Case{"", "x", false},
             Case{"*-risk", "credit-risk", true},
             Case{"*-risk", "credit-risk-2", false},
             Case{"a*b*c", "aXbYbZc", true},
             Case{"a*b*c", "aXcYb", false},
             Case{"**", "x", true},
             Case{"a*", "A", false},
             Case{"a.c", "abc", false},
             Case{"[a]", "a", false},
         })
        EXPECT_EQ(matches_pattern(c.pattern, c.text), c.matches) << c.pattern << " on " << c.text;
}

TEST(CallerTest, APatternOfManyStarsTakesNoLongTime) {
    std::string pattern;
    for (int i = 0; i < 60; ++i) pattern += "*a";
    EXPECT_FALSE(matches_pattern(pattern + "b", std::string(2000, 'a')));
}

TEST(CallerTest, RoleNamesReadBack) {
    for (const Role role : {Role::viewer, Role::developer, Role::approver, Role::deployer, Role::admin})
        EXPECT_EQ(parse_role(role_name(role)), role);
    EXPECT_EQ(parse_role("owner"), std::nullopt);
    EXPECT_EQ(parse_role("Viewer"), std::nullopt);
}

TEST(CallerTest, RequiresRolesAndSaysWhich) {
    const Caller viewer = some_caller({Role::viewer});
    EXPECT_THAT(require_role(viewer, Role::viewer), is_ok());
    EXPECT_THAT(require_role(viewer, Role::deployer), fails_saying(Code::permission_denied, "deployer"));
    EXPECT_THAT(require_role(viewer, Role::deployer), fails_saying(Code::permission_denied, "viewer"));
    EXPECT_THAT(require_role(some_caller({Role::admin}), Role::approver), fails_with(Code::permission_denied))
        << "admin is no approver";
}

TEST(CallerTest, AModelOutsideTheScopeIsAsAbsentAsOneThatIsNotThere) {
    const Caller caller = some_caller({Role::developer}, {"credit-*", "fraud"});
    EXPECT_THAT(require_read(caller, model_name("credit-risk")), is_ok());
    EXPECT_THAT(require_role(caller, Role::developer, model_name("fraud")), is_ok());
    const Status unseen = require_read(caller, model_name("churn"));
    EXPECT_THAT(unseen, fails_with(Code::not_found));
    EXPECT_EQ(unseen.error().message, unknown_model(model_name("churn")).message);
    EXPECT_THAT(require_role(caller, Role::approver, model_name("churn")), fails_with(Code::not_found));
}

TEST(CallerTest, WhatMayNotBeMadeIsDeniedNotAbsent) {
    const Caller caller = some_caller({Role::developer}, {"credit-*", "fraud"});
    EXPECT_THAT(require_creator(caller, model_name("credit-risk")), is_ok());
    EXPECT_THAT(require_creator(caller, model_name("churn")),
                fails_saying(Code::permission_denied, "only act on the models credit-*, fraud"));
    EXPECT_THAT(require_creator(some_caller({Role::viewer}), model_name("churn")),
                fails_saying(Code::permission_denied, "developer"));
}

TEST(CallerTest, ReadingNeedsSomeRole) {
    EXPECT_THAT(require_read(some_caller({}), model_name("m")), fails_with(Code::permission_denied));
    for (const Role role : {Role::viewer, Role::developer, Role::approver, Role::deployer, Role::admin})
        EXPECT_THAT(require_read(some_caller({role}), model_name("m")), is_ok());
}

TEST(CallerTest, EnvironmentsAreLimitedByPatterns) {
    const Caller caller = some_caller({Role::deployer}, {}, {"staging", "test-*"});
    const auto environment = [](const std::string& name) { return Environment::parse(name).value(); };
    EXPECT_THAT(require_environment(caller, environment("staging")), is_ok());
    EXPECT_THAT(require_environment(caller, environment("test-eu")), is_ok());
    EXPECT_THAT(require_environment(caller, production()), fails_saying(Code::permission_denied, "production"));
    EXPECT_THAT(require_environment(some_caller({Role::deployer}), production()), is_ok());
}

}  // namespace
}  // namespace baton::registry
