#include "server/tfserving/path.h"

#include <gtest/gtest.h>

namespace baton::server::tfserving {
namespace {

TEST(TfsPath, IsReadAsTheOriginalDoes) {
    struct Case {
        const char* text;
        Path expected;
    };
    const std::vector<Case> cases = {
        {"models", {}},
        {"models/m", {.model = "m"}},
        {"models/m/metadata", {.model = "m", .metadata = true}},
        {"models/m:predict", {.model = "m", .verb = "predict"}},
        {"MODELS/M:PREDICT", {.model = "M", .verb = "predict"}},
        {"models/m/versions/12", {.model = "m", .version = "12"}},
        {"models/m/Versions/12/MetaData", {.model = "m", .version = "12", .metadata = true}},
        {"models/m/versions/12:predict", {.model = "m", .version = "12", .verb = "predict"}},
        {"models/m/labels/a b:predict", {.model = "m", .label = "a b", .verb = "predict"}},
        {"models/metadata", {.model = "metadata"}},
        {"models/versions/versions/1", {.model = "versions", .version = "1"}},
    };
    for (const auto& [text, expected] : cases) {
        const auto path = parse_path(text);
        ASSERT_TRUE(path) << text;
        EXPECT_EQ(path->model, expected.model) << text;
        EXPECT_EQ(path->version, expected.version) << text;
        EXPECT_EQ(path->label, expected.label) << text;
        EXPECT_EQ(path->verb, expected.verb) << text;
        EXPECT_EQ(path->metadata, expected.metadata) << text;
    }
}

TEST(TfsPath, OfAnotherShapeIsNone) {
    for (const char* text : {"",
                             "/",
                             "model/m",
                             "models/",
                             "models//",
                             "models/m/",
                             "models/:predict",
                             "models/m:",
                             "models/m:a:b",
                             "models/m:predict/versions/1",
                             "models/m/versions",
                             "models/m/versions/",
                             "models/m/versions/x",
                             "models/m/versions/1/",
                             "models/m/versions/1/labels/a",
                             "models/m/labels/",
                             "models/m/versions/:predict",
                             "models/m/other",
                             "models/m/metadata/x",
                             "models/m/metadata:predict",
                             "models/m/versions/1/metadata/x"}) {
        EXPECT_FALSE(parse_path(text)) << text;
    }
}

}  // namespace
}  // namespace baton::server::tfserving
