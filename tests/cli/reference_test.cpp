#include "cli/reference.h"

#include <gtest/gtest.h>

namespace baton::cli {
namespace {

const std::string digest = "sha256:" + std::string(64, 'a');

struct Good {
    std::string text;
    std::string model;
    std::string selector;
};

TEST(Reference, TakesEveryFormApart) {
    const std::vector<Good> cases = {
        {"credit-risk", "credit-risk", ""},
        {"credit-risk/3", "credit-risk", "3"},
        {"credit-risk/latest", "credit-risk", "latest"},
        {"credit-risk/live", "credit-risk", "live"},
        {"credit-risk/live@staging", "credit-risk", "live@staging"},
        {"credit-risk@champion", "credit-risk", "@champion"},
        {"credit-risk/" + digest, "credit-risk", digest},
    };
    for (const Good& good : cases) {
        const auto reference = Reference::parse(good.text);
        ASSERT_TRUE(reference.ok()) << good.text;
        EXPECT_EQ(reference->model, good.model) << good.text;
        EXPECT_EQ(reference->selector, good.selector) << good.text;
        EXPECT_EQ(reference->text(), good.text);
    }
}

TEST(Reference, RefusesWhatIsNone) {
    for (const char* text :
         {"", "/3", "@champion", "risk/", "risk@", "risk/3/4", "risk/live@", "risk/sha256:abc", "risk@a/b"}) {
        const auto reference = Reference::parse(text);
        ASSERT_FALSE(reference.ok()) << text;
        EXPECT_EQ(reference.error().code, Code::invalid_argument);
        EXPECT_FALSE(reference.error().hint.empty());
    }
}

TEST(Reference, KnowsTheEnvironmentOfLive) {
    EXPECT_EQ(Reference::parse("risk/live")->live_environment(), "production");
    EXPECT_EQ(Reference::parse("risk/live@staging")->live_environment(), "staging");
    EXPECT_EQ(Reference::parse("risk/3")->live_environment(), std::nullopt);
    EXPECT_EQ(Reference::parse("risk@live2")->live_environment(), std::nullopt);
}

TEST(Reference, OnlyPositiveWholeNumbersAreNumbers) {
    EXPECT_EQ(Reference::parse("risk/12")->number(), 12);
    for (const char* text : {"risk/0", "risk/-1", "risk/3a", "risk/live", "risk/99999999999999999999"}) {
        EXPECT_EQ(Reference::parse(text)->number(), std::nullopt) << text;
    }
}

TEST(Reference, ABareNameIsNoVersion) {
    EXPECT_FALSE(parse_version_reference("risk").ok());
    EXPECT_TRUE(parse_version_reference("risk/1").ok());
}

}  // namespace
}  // namespace baton::cli
