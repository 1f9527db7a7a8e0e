// baton log: which entries belong to what was asked for.
#include "tests/cli/verb_fixture.h"

namespace baton::cli {
namespace {

using testing::HasSubstr;

class LogTest : public VerbTest {
protected:
    LogTest() {
        server.on("GET /api/v1/models/risk/versions/3", R"({"model":"risk","version":3,"digest":"sha256:aa"})");
        server.on("GET /api/v1/audit", [](const FakeRequest& request) -> FakeAnswer {
            const Json entries = Json::parse(R"([
                {"seq":1,"object":"model/risk","action":"model.created"},
                {"seq":2,"object":"model/risk/version/3","action":"version.registered","digest":"sha256:aa"},
                {"seq":3,"object":"model/other/version/1","action":"version.registered","digest":"sha256:aa"},
                {"seq":4,"object":"request/7","digest":"sha256:aa","details":{"model":"risk"},"action":"request.opened"},
                {"seq":5,"object":"request/8","digest":"sha256:bb","details":{"model":"other"},"action":"request.opened"},
                {"seq":6,"object":"model/risk-two","action":"model.created"},
                {"seq":7,"object":"model/risk","action":"alias.set","digest":"sha256:aa","details":{"alias":"b"}}])");
            const auto asks = [&](const char* filter) { return request.target.find(filter) != std::string::npos; };
            Json fitting = Json::array();
            for (const Json& entry : entries) {
                const std::string object = entry["object"];
                const bool fits = asks("digest%20%3D%20%27sha256%3Aaa%27") ? text(entry, "digest") == "sha256:aa"
                                  : asks("LIKE%20%27model%2Frisk%25%27")   ? object.starts_with("model/risk")
                                  : asks("LIKE%20%27request%2F%25%27")     ? object.starts_with("request/")
                                                                           : true;
                if (fits) fitting.push_back(entry);
            }
            return {.body = Json{{"items", fitting}}.dump()};
        });
    }

    std::vector<int> sequences(std::vector<std::string> arguments) {
        arguments.push_back("--json");
        std::vector<int> out;
        const Json answer = Json::parse(baton(arguments).out);
        for (const Json& entry : answer["items"]) out.push_back(entry["seq"]);
        return out;
    }
};

TEST_F(LogTest, ShowsWhatBelongsToAVersionOrAModel) {
    EXPECT_THAT(sequences({"log", "risk/3"}), testing::ElementsAre(2, 4, 7));
    EXPECT_THAT(sequences({"log", "risk"}), testing::ElementsAre(1, 2, 4, 7));
    EXPECT_THAT(sequences({"log"}), testing::SizeIs(7));
}

TEST_F(LogTest, LetsTheServerFilter) {
    sequences({"log", "risk/3", "--filter", "actor = 'dana'", "--after", "1200"});
    const std::string target = server.requests("GET /api/v1/audit").at(0).target;
    EXPECT_THAT(target, HasSubstr("filter=digest%20%3D%20%27sha256%3Aaa%27%20AND%20actor%20%3D%20%27dana%27"));
    EXPECT_THAT(target, HasSubstr("after=1200"));
}

}  // namespace
}  // namespace baton::cli
