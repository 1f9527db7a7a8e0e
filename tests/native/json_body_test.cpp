#include "server/native/json_body.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::server::native {
namespace {

using testing::HasSubstr;

std::string fields_of(const Error& error) {
    std::string text;
    for (const FieldError& field : error.fields) text += field.field + ": " + field.message + "\n";
    return text;
}

TEST(JsonBody, ReadsWhatIsThere) {
    auto body = JsonBody::parse(R"({"name":"a","n":3,"tags":{"k":"v"},"list":["x"],"m":{"acc":0.5},"gone":null})");
    ASSERT_TRUE(body.ok());
    EXPECT_EQ(body->required_text("name"), "a");
    EXPECT_EQ(body->integer("n"), 3);
    EXPECT_EQ(body->string_map("tags").at("k"), "v");
    EXPECT_EQ(body->texts("list")->at(0), "x");
    EXPECT_EQ(body->numbers("m").at("acc"), 0.5);
    EXPECT_EQ(body->text("gone"), std::nullopt);
    EXPECT_TRUE(body->finish().ok());
}

TEST(JsonBody, SaysWhereItIsNoJson) {
    const auto body = JsonBody::parse("{\"name\":");
    ASSERT_FALSE(body.ok());
    EXPECT_THAT(body.error().message,
                testing::StartsWith("The body is not valid JSON: parse error at line 1, column 9"));
}

TEST(JsonBody, CollectsEverythingThatIsWrong) {
    auto body = JsonBody::parse(R"({"name":3,"files":[{"path":"a"},{"path":"b","extra":1}],"odd":true})");
    ASSERT_TRUE(body.ok());
    body->required_text("name");
    for (JsonBody& file : body->objects("files")) {
        file.required_text("path");
        file.required_text("digest");
    }
    const Status status = body->finish();
    ASSERT_FALSE(status.ok());
    const std::string wrong = fields_of(status.error());
    EXPECT_THAT(wrong, HasSubstr("name: must be a string"));
    EXPECT_THAT(wrong, HasSubstr("files[0].digest: is missing"));
    EXPECT_THAT(wrong, HasSubstr("files[1].extra: is not a known field"));
    EXPECT_THAT(wrong, HasSubstr("odd: is not a known field; known are "));
}

TEST(JsonBody, CountsAFieldOnce) {
    auto body = JsonBody::parse(R"({"version":"4"})");
    ASSERT_TRUE(body.ok());
    EXPECT_FALSE(body->integer("version"));
    body->wrong("version", "must be the number of a version");
    EXPECT_EQ(body->finish().error().message, "version must be an integer.");
}

TEST(JsonBody, TellsOfAHundredFindingsAtMost) {
    std::string text = "{\"0\":0";
    for (int i = 1; i < 100'000; ++i) text += ",\"" + std::to_string(i) + "\":0";
    auto body = JsonBody::parse(text + "}");
    ASSERT_TRUE(body.ok());
    const Status status = body->finish();
    EXPECT_EQ(status.error().message, "100 fields of the body or more are wrong.");
    EXPECT_EQ(status.error().fields.size(), 100U);
    EXPECT_EQ(status.error().fields[0].message, "is not a known field; none is known here");
}

TEST(JsonBody, IntegersAreExact) {
    auto body = JsonBody::parse(R"({"big":9007199254740993,"huge":9223372036854775808,"real":1.0})");
    ASSERT_TRUE(body.ok());
    EXPECT_EQ(body->integer("big"), 9007199254740993);
    EXPECT_EQ(body->integer("huge"), std::nullopt);
    EXPECT_EQ(body->integer("real"), std::nullopt);
    EXPECT_EQ(body->finish().error().fields.size(), 2U);
}

// One value has one spelling, however it was sent: the digest of a report covers it.
TEST(JsonBody, TheRestIsCanonical) {
    const auto rest = [](std::string_view text) { return JsonBody::parse(text)->rest({"slices", "ci", "absent"}); };
    const std::string wanted = R"({"ci":{"a":[1,100,1e-7,-0.5,null,true],"b":"é\n"},"slices":[]})";
    EXPECT_EQ(rest(R"({"ci":{"a":[1,100,1e-7,-0.5,null,true],"b":"é\n"},"slices":[]})"), wanted);
    EXPECT_EQ(rest("{ \"slices\": [], \"ci\": {\"b\": \"\\u00e9\\u000a\","
                   " \"a\": [1.0, 1e2, 0.0000001, -5e-1, null, true]} }"),
              wanted);
    EXPECT_EQ(rest(R"({"ci":{"big":9007199254740993,"zero":-0.0}})"), R"({"ci":{"big":9007199254740992,"zero":0}})");
}

TEST(JsonBody, RefusesWhatIsNotStrictJson) {
    for (const char* text :
         {"[]", "{", "{\"a\":1,\"a\":2}", "{\"a\":{\"b\":1,\"b\":2}}", "{\"a\":1e400}", "{\"a\":NaN}", "\xef\xbb\xbf{}",
          "{\"a\":\"\\ud800\"}", "{\"a\":\"\xff\"}", "{} x", "{'a':1}"}) {
        EXPECT_FALSE(JsonBody::parse(text).ok()) << text;
    }
    EXPECT_TRUE(JsonBody::parse("{\"a\":{\"x\":1},\"b\":{\"x\":2}}").ok());  // the same name in two objects
    const std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
    EXPECT_THAT(JsonBody::parse(deep).error().message, HasSubstr("64 levels"));
}

// Every case of the suite as the value of a field. The implementation-defined ones must not crash.
TEST(JsonBody, AgreesWithTheJsonTestSuite) {
    const char* given = std::getenv("BATON_VECTORS");
    const std::filesystem::path folder =
        std::filesystem::path(given != nullptr ? given : BATON_SOURCE_DIR "/../shared/vectors") / "json";
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no test vectors at " << folder;
    int seen = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (entry.path().extension() != ".json" || name.size() < 2 || name[1] != '_') continue;
        std::ostringstream text;
        text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
        const bool accepted = JsonBody::parse("{\"value\":" + text.str() + "}").ok();
        const bool has_duplicates = name.find("duplicated_key") != std::string::npos;
        // Two cases are broken only as a whole document: what they lack, the wrapping gives them.
        const bool mended_by_wrapping = text.str().find_first_not_of(" \t\r\n") == std::string::npos;
        if (name[0] == 'y') {
            EXPECT_EQ(accepted, !has_duplicates) << name;
        } else if (name[0] == 'n' && !mended_by_wrapping) {
            EXPECT_FALSE(accepted) << name;
        }
        ++seen;
    }
    EXPECT_GT(seen, 300);
}

}  // namespace
}  // namespace baton::server::native
