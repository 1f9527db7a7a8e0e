// JSON that people and files bring never ends the process, whatever is in it.
#include "cli/json.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/cli/verb_fixture.h"

namespace baton::cli {
namespace {

using testing::HasSubstr;

TEST(Json, WhatIsNoDocumentSaysWhere) {
    const auto broken = parse_json("[1, 2", "'rows.json'");
    ASSERT_FALSE(broken.ok());
    EXPECT_EQ(broken.error().code, Code::invalid_argument);
    EXPECT_THAT(broken.error().message, HasSubstr("'rows.json'"));
}

TEST(Json, NumbersThatNoDoubleHoldsAreRefused) {
    for (const char* text : {"1e999", "[[-1e400]]", R"({"a":1e999)"}) {
        const auto parsed = parse_json(text, "it");
        ASSERT_FALSE(parsed.ok()) << text;
        EXPECT_EQ(parsed.error().code, Code::invalid_argument);
        EXPECT_THAT(parsed.error().message, HasSubstr("too large")) << text;
    }
}

TEST(Json, NestingHasAnEnd) {
    const auto nested = [](std::size_t levels) { return std::string(levels, '[') + "1" + std::string(levels, ']'); };
    EXPECT_TRUE(parse_json(nested(100), "it").ok());
    for (const std::string& text : {nested(101), nested(1'000'000), std::string(1'000'000, '[')}) {
        const auto parsed = parse_json(text, "it");
        ASSERT_FALSE(parsed.ok());
        EXPECT_EQ(parsed.error().code, Code::invalid_argument);
    }
}

TEST_F(VerbTest, NoInputAbortsAVerb) {
    server.on("GET /v2/models/risk", R"({"name":"risk","inputs":[{"name":"X","datatype":"FP32","shape":[-1,1]}]})");
    const std::string report = write("report.json", R"({"metrics":{"a":1e999}})").string();
    const std::string model = write("model.bin", "bytes").string();
    for (const std::vector<std::string>& command :
         std::vector<std::vector<std::string>>{{"report", "add", "risk/1", report},
                                               {"register", "risk", model, "--report", report},
                                               {"predict", "risk", "-"},
                                               {"pull", "risk/live", "", "--watch"}}) {
        const Outcome outcome = baton(command, "[[1e999]]");
        EXPECT_EQ(outcome.code, 2) << testing::PrintToString(command) << outcome.err;
        EXPECT_THAT(outcome.err, HasSubstr("error: ")) << testing::PrintToString(command);
    }
}

TEST_F(VerbTest, AnAnswerOfAnotherShapeIsAnErrorToo) {
    server.on("GET /api/v1/whoami", "[]");
    const Outcome outcome = baton({"whoami"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("error: "));
}

}  // namespace
}  // namespace baton::cli
