// An answer that could not be written was not given: the exit code says so.
#include <gmock/gmock.h>

#include "tests/cli/verb_fixture.h"

namespace baton::cli {
namespace {

using testing::HasSubstr;

class OutputTest : public VerbTest {
protected:
    OutputTest() { output_is_full = true; }
};

TEST_F(OutputTest, AFullDiskIsAnError) {
    server.on("GET /api/v1/models", R"({"items":[]})");
    for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
             {"list"}, {"list", "--json"}, {"version"}, {"--help"}, {"completion", "bash"}}) {
        const Outcome outcome = baton(command);
        EXPECT_EQ(outcome.code, 7) << testing::PrintToString(command);
        EXPECT_THAT(outcome.err, HasSubstr("cannot write 'standard output': No space left on device"))
            << testing::PrintToString(command);
    }
}

// Of more than a stream keeps to itself, too, the cause is known.
TEST_F(OutputTest, SoIsOneThatTurnsOutFullInTheMiddle) {
    Json models = Json::array();
    for (int i = 0; i < 2000; ++i) models.push_back({{"name", "model-" + std::to_string(i)}});
    server.on("GET /api/v1/models", Json{{"items", models}}.dump());
    for (const std::vector<std::string>& command :
         std::vector<std::vector<std::string>>{{"list"}, {"list", "--json"}}) {
        const Outcome outcome = baton(command);
        EXPECT_EQ(outcome.code, 7);
        EXPECT_THAT(outcome.err, HasSubstr("No space left on device"));
    }
}

TEST_F(OutputTest, ATokenWhoseSecretIsLostIsNamed) {
    server.on("POST /api/v1/tokens", R"({"id":"4f2a","secret":"s"})", 201);
    const Outcome outcome = baton({"token", "create", "--user", "dana"});
    EXPECT_NE(outcome.code, 0);
    EXPECT_THAT(outcome.err, HasSubstr("token 4f2a was made, but its secret is lost"));
    EXPECT_THAT(outcome.err, HasSubstr("baton token revoke 4f2a"));
}

}  // namespace
}  // namespace baton::cli
