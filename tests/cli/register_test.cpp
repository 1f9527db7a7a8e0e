#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "artifacts/manifest.h"
#include "base/digest.h"
#include "cli/json.h"
#include "tests/cli/command.h"
#include "tests/cli/fake_server.h"

namespace baton::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

// A server that keeps blobs as the contract says: it asks for what it lacks and remembers parts.
class RegisterTest : public CommandTest {
protected:
    RegisterTest() {
        environment["BATON_URL"] = server.url();
        server.on("POST /api/v1/blobs/missing", [this](const FakeRequest& request) {
            Json missing = Json::array();
            const Json asked = Json::parse(request.body);
            for (const Json& digest : asked["digests"]) {
                if (!whole.contains(digest.get<std::string>())) missing.push_back(digest);
            }
            return FakeAnswer{.body = Json{{"missing", missing}}.dump()};
        });
        server.on("POST /api/v1/models/risk/versions", R"({"model":"risk","version":3,"digest":"sha256:00"})", 201);
        server.on("POST /api/v1/models/risk/versions/3/requests", R"({"id":7})", 201);
    }

    // Takes the blob of `content`.
    std::string expect_blob(const std::string& content) {
        const std::string digest = sha256(content).text();
        const std::string path = "/api/v1/blobs/" + digest;
        server.on("HEAD " + path, [this, digest](const FakeRequest&) {
            if (whole.contains(digest)) return FakeAnswer{};
            return FakeAnswer{.status = 404, .headers = {{"Upload-Offset", std::to_string(parts[digest].size())}}};
        });
        server.on("PUT " + path, [this, digest, content](const FakeRequest& request) {
            const std::string range = request.header("content-range");
            const std::size_t first = range.empty() ? 0 : std::stoul(range.substr(std::string("bytes ").size()));
            std::string& part = parts[digest];
            if (first > part.size()) return FakeAnswer{.status = 412, .body = R"({"code":"aborted"})"};
            part.resize(first);
            part += request.body;
            if (part == content) whole.insert(digest);
            return FakeAnswer{.status = 201, .body = "{}"};
        });
        return path;
    }

    FakeServer server;
    std::map<std::string, std::string> parts;
    std::set<std::string> whole;
};

TEST_F(RegisterTest, SendsWhatIsMissingOnceAndPrintsTheVersion) {
    write("model/model.onnx", "onnx bytes");
    write("model/data/stats.json", "{}");
    write("model/data/copy.onnx", "onnx bytes");
    write("model/.git/config", "no");
    const std::string model = expect_blob("onnx bytes");
    const std::string stats = expect_blob("{}");
    whole.insert(sha256("{}").text());

    const Outcome outcome = baton({"register", "risk", (folder / "model").string(), "--tag", "team=a=b", "--tag", "x=1",
                                   "--metadata", "framework=sklearn", "--description", "better"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "risk/3\n");
    EXPECT_THAT(outcome.err, HasSubstr(".git: its name begins with a dot"));
    EXPECT_EQ(server.requests("PUT " + model).size(), 1u);
    EXPECT_EQ(server.requests("PUT " + stats).size(), 0u);

    const Json body = Json::parse(server.requests("POST /api/v1/models/risk/versions").at(0).body);
    std::vector<std::string> paths;
    std::vector<artifacts::ManifestFile> files;
    for (const Json& file : body["files"]) {
        paths.push_back(file["path"]);
        files.push_back({file["path"], file["size"], *Digest::parse(file["digest"].get<std::string>())});
    }
    EXPECT_THAT(paths, testing::ElementsAre("data/copy.onnx", "data/stats.json", "model.onnx"));
    EXPECT_EQ(body["expected_digest"], artifacts::Manifest::create(files)->digest().text());
    EXPECT_EQ(body["tags"], (Json{{"team", "a=b"}, {"x", "1"}}));
    EXPECT_EQ(body["metadata"], (Json{{"framework", "sklearn"}}));
    EXPECT_EQ(body["description"], "better");
    EXPECT_FALSE(body.contains("report"));
}

TEST_F(RegisterTest, EveryMutationHasAKeyOfItsOwn) {
    expect_blob("bytes");
    ASSERT_EQ(baton({"register", "risk", write("m.onnx", "bytes").string(), "--request", "production"}).code, 0);
    std::set<std::string> keys;
    std::size_t mutations = 0;
    for (const FakeRequest& request : server.requests()) {
        if (request.method == "GET" || request.method == "HEAD") continue;
        ++mutations;
        EXPECT_GE(request.header("idempotency-key").size(), 16u) << request.target;
        keys.insert(request.header("idempotency-key"));
    }
    EXPECT_EQ(mutations, 4u);  // missing, blob, version, request
    EXPECT_EQ(keys.size(), mutations);
}

TEST_F(RegisterTest, AReportAndARequestGoAlong) {
    expect_blob("bytes");
    const auto report = write("report.json", R"({"metrics":{"r2_score":0.9}})");
    const Outcome outcome = baton({"register", "risk", write("m.onnx", "bytes").string(), "--report", report.string(),
                                   "--request", "staging", "--notes", "try it", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const Json body = Json::parse(server.requests("POST /api/v1/models/risk/versions").at(0).body);
    EXPECT_EQ(body["report"]["metrics"]["r2_score"], 0.9);
    const Json request = Json::parse(server.requests("POST /api/v1/models/risk/versions/3/requests").at(0).body);
    EXPECT_EQ(request, (Json{{"environment", "staging"}, {"notes", "try it"}}));
    const Json document = Json::parse(outcome.out);
    EXPECT_EQ(document["version"], 3);
    EXPECT_EQ(document["request"]["id"], 7);
}

TEST_F(RegisterTest, ABrokenUploadGoesOnWhereItStopped) {
    std::string content(3'000'000, 'x');
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7919 % 251);
    const std::string path = expect_blob(content);
    server.break_next_upload_at(1'234'567);

    const Outcome outcome = baton({"register", "risk", write("big.bin", content).string()});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const auto puts = server.requests("PUT " + path);
    ASSERT_EQ(puts.size(), 2u);
    EXPECT_EQ(puts[0].header("content-range"), "");
    EXPECT_EQ(puts[1].header("content-range"), "bytes 1234567-2999999/3000000");
    EXPECT_EQ(puts[1].header("content-length"), std::to_string(3'000'000 - 1'234'567));
    EXPECT_TRUE(parts[sha256(content).text()] == content);
    EXPECT_EQ(pauses.size(), 1u);
}

TEST_F(RegisterTest, AnEarlierRunsPartIsUsed) {
    const std::string content(2'000'000, 'y');
    const std::string path = expect_blob(content);
    parts[sha256(content).text()] = content.substr(0, 1'500'000);
    ASSERT_EQ(baton({"register", "risk", write("big.bin", content).string()}).code, 0);
    const auto puts = server.requests("PUT " + path);
    ASSERT_EQ(puts.size(), 1u);
    EXPECT_EQ(puts[0].header("content-range"), "bytes 1500000-1999999/2000000");
}

TEST_F(RegisterTest, ABusyServerIsAskedAFewTimes) {
    const std::string path = expect_blob("bytes");
    server.on("PUT " + path, R"({"code":"unavailable","detail":"shutting down"})", 503);
    const Outcome outcome = baton({"register", "risk", write("m.onnx", "bytes").string()});
    EXPECT_EQ(outcome.code, 7);
    EXPECT_EQ(server.requests("PUT " + path).size(), 5u);
    EXPECT_THAT(outcome.err, HasSubstr("goes on where this one stopped"));
    EXPECT_TRUE(server.requests("POST /api/v1/models/risk/versions").empty());
}

TEST_F(RegisterTest, ARefusedBlobEndsItAtOnce) {
    const std::string path = expect_blob("bytes");
    server.on("PUT " + path, R"({"code":"integrity","detail":"bytes do not match"})", 422);
    EXPECT_EQ(baton({"register", "risk", write("m.onnx", "bytes").string()}).code, 8);
    EXPECT_EQ(server.requests("PUT " + path).size(), 1u);
}

TEST_F(RegisterTest, AnEmptyFileIsAFileToo) {
    expect_blob("");
    EXPECT_EQ(baton({"register", "risk", write("empty.txt", "").string()}).code, 0);
    EXPECT_TRUE(whole.contains(sha256("").text()));
}

TEST_F(RegisterTest, RefusesBeforeAnythingIsSent) {
    const auto file = write("m.onnx", "bytes");
    const auto other = write("other/m.onnx", "other");
    std::filesystem::create_symlink(file, folder / "link.onnx");
    std::filesystem::create_directories(folder / "tree");
    std::filesystem::create_symlink(file, folder / "tree" / "inner.onnx");
    std::filesystem::create_directories(folder / "nothing");
    const std::vector<std::pair<std::vector<std::string>, int>> cases = {
        {{"register", "risk", (folder / "link.onnx").string()}, 2},
        {{"register", "risk", (folder / "tree").string()}, 2},
        {{"register", "risk", (folder / "nothing").string()}, 2},
        {{"register", "risk", (folder / "absent").string()}, 3},
        {{"register", "risk", file.string(), other.string()}, 2},
        {{"register", "risk", file.string(), "--tag", "novalue"}, 2},
        {{"register", "risk", file.string(), "--report", file.string()}, 2},
        {{"register", "risk", file.string(), "--notes", "no request"}, 2},
        {{"register", "risk"}, 2},
    };
    for (const auto& [arguments, code] : cases) {
        EXPECT_EQ(baton(arguments).code, code) << testing::PrintToString(arguments);
    }
    EXPECT_TRUE(server.requests().empty());
}

TEST_F(RegisterTest, AFileOfABadNameIsNamed) {
    write("tree/a.txt", "a");
    write("tree/what?.txt", "b");
    const Outcome outcome = baton({"register", "risk", (folder / "tree").string()});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("'what?.txt': "));
}

TEST_F(RegisterTest, ARefusedRequestStillNamesTheVersion) {
    expect_blob("bytes");
    server.on("POST /api/v1/models/risk/versions/3/requests", R"({"code":"permission_denied","detail":"no"})", 403);
    const Outcome outcome = baton({"register", "risk", write("m.onnx", "bytes").string(), "--request", "production"});
    EXPECT_EQ(outcome.code, 4);
    EXPECT_THAT(outcome.err, HasSubstr("risk/3 is registered, but the request was not opened"));
}

TEST_F(RegisterTest, ALostAnswerIsAskedForAgainUnderTheSameKey) {
    expect_blob("bytes");
    const auto file = write("m.onnx", "bytes");
    whole.insert(sha256("bytes").text());
    server.on("POST /api/v1/blobs/missing", R"({"missing":[]})");
    server.break_next_upload_at(150);  // the body of the version is longer, that of blobs/missing shorter
    ASSERT_EQ(baton({"register", "risk", file.string()}).code, 0);
    const auto posts = server.requests("POST /api/v1/models/risk/versions");
    ASSERT_EQ(posts.size(), 2u);
    EXPECT_EQ(posts[0].header("idempotency-key"), posts[1].header("idempotency-key"));
}

}  // namespace
}  // namespace baton::cli
