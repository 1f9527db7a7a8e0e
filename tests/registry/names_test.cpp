#include "registry/names.h"

#include "tests/registry/fixture.h"

namespace baton::registry {
namespace {

template <class Kind>
bool accepts(const std::string& text) {
    const auto parsed = Name<Kind>::parse(text);
    EXPECT_TRUE(parsed.ok() || parsed.error().code == Code::invalid_argument) << text;
    return parsed.ok();
}

TEST(NamesTest, ModelNames) {
    for (const std::string& good : {std::string("a"), std::string("credit-risk"), std::string("A.b_c-9"),
                                    std::string("9"), std::string(128, 'x')})
        EXPECT_TRUE(accepts<ModelNameRule>(good)) << good;
    for (const std::string& bad : {std::string(), std::string("."), std::string(".."), std::string("-a"),
                                   std::string("_a"), std::string("a/b"), std::string("a b"), std::string("é"),
                                   std::string("a\n"), std::string("a\0", 2), std::string("a%"), std::string(129, 'x')})
        EXPECT_FALSE(accepts<ModelNameRule>(bad)) << bad;
}

TEST(NamesTest, Environments) {
    for (const std::string& good :
         {std::string("production"), std::string("a"), std::string("eu-1_x"), std::string(63, 'x')})
        EXPECT_TRUE(accepts<EnvironmentRule>(good)) << good;
    for (const std::string& bad : {std::string(), std::string("Production"), std::string("1a"), std::string("-a"),
                                   std::string("a.b"), std::string(64, 'x')})
        EXPECT_FALSE(accepts<EnvironmentRule>(bad)) << bad;
}

TEST(NamesTest, Aliases) {
    for (const std::string good : {"champion", "v1.2", "3a", "Live"}) EXPECT_TRUE(accepts<AliasRule>(good)) << good;
    for (const std::string bad : {"", "3", "0012", "live", "latest", "live@staging", "@champion", "a b", "-a"})
        EXPECT_FALSE(accepts<AliasRule>(bad)) << bad;
}

TEST(NamesTest, UserNames) {
    for (const std::string good : {"ada", "ada@example.org", "ada+ci", "ci-bot_1"})
        EXPECT_TRUE(accepts<UserNameRule>(good)) << good;
    for (const std::string bad : {"", "@ada", "+ada", "ada lovelace", "ada/x"})
        EXPECT_FALSE(accepts<UserNameRule>(bad)) << bad;
}

TEST(NamesTest, ALongBadNameIsNotRepeatedInFull) {
    EXPECT_LT(ModelName::parse(std::string(100'000, '!')).error().message.size(), 300U);
}

TEST(NamesTest, VersionReferences) {
    EXPECT_EQ(std::get<VersionNumber>(parse_version_ref("3").value()), 3);
    EXPECT_EQ(std::get<VersionNumber>(parse_version_ref("9223372036854775807").value()), INT64_MAX);
    EXPECT_EQ(std::get<LiveIn>(parse_version_ref("live").value()).environment, production());
    EXPECT_EQ(std::get<LiveIn>(parse_version_ref("live@staging").value()).environment.text(), "staging");
    EXPECT_EQ(std::get<Alias>(parse_version_ref("@champion").value()).text(), "champion");
    EXPECT_EQ(std::get<Digest>(parse_version_ref(sha256("x").text()).value()), sha256("x"));
    EXPECT_TRUE(std::holds_alternative<Latest>(parse_version_ref("latest").value()));
    for (const std::string& bad :
         {std::string(), std::string("0"), std::string("03"), std::string("-1"), std::string("9223372036854775808"),
          std::string("live@"), std::string("live@Prod"), std::string("@"), std::string("@live"), std::string("@3"),
          std::string("champion"), std::string("sha256:abc"), std::string("3 "), std::string("latest@x")})
        EXPECT_THAT(parse_version_ref(bad), fails_with(Code::invalid_argument)) << bad;
}

}  // namespace
}  // namespace baton::registry
