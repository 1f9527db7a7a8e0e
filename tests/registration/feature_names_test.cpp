#include "server/registration/feature_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::server {
namespace {

using testing::ElementsAre;
using testing::Optional;

TEST(FeatureNames, AreAListThatMayBeCutIntoSeveralValues) {
    EXPECT_THAT(feature_names({{"feature_names", R"(["age","größe"])"}, {"task", "regression"}}),
                Optional(ElementsAre("age", "größe")));
    EXPECT_THAT(feature_names({{"feature_names", R"(["ag)"},
                               {"feature_names.2", R"(e","in)"},
                               {"feature_names.3", R"(come"])"},
                               {"feature_names.5", "x"}}),
                Optional(ElementsAre("age", "income")));
}

TEST(FeatureNames, AreNoneWhereTheyCannotBeRead) {
    EXPECT_EQ(feature_names({}), std::nullopt);
    for (const char* text : {"", "age,income", "{}", R"({"a":"age"})", R"(["age")", R"(["age",1])"}) {
        EXPECT_EQ(feature_names({{"feature_names", text}}), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace baton::server
