#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "artifacts/manifest.h"
#include "base/digest.h"
#include "cli/json.h"
#include "tests/cli/command.h"
#include "tests/cli/fake_server.h"

namespace baton::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

using Files = std::map<std::string, std::string>;

class PullTest : public CommandTest {
protected:
    PullTest() { environment["BATON_URL"] = server.url(); }

    // Serves the files below a resource of the API and answers the version's digest.
    Digest offer(const std::string& manifest_path, const std::string& files_path, const Files& files) {
        for (const auto& [path, content] : files) server.on("GET " + files_path + "/" + path, content);
        const artifacts::Manifest manifest = manifest_of(files);
        const std::string etag = "\"" + manifest.digest().text() + "\"";
        server.on("GET " + manifest_path, [etag, body = manifest.canonical()](const FakeRequest& request) {
            if (request.header("if-none-match") == etag) return FakeAnswer{.status = 304, .headers = {{"ETag", etag}}};
            return FakeAnswer{.body = body, .headers = {{"ETag", etag}}};
        });
        return manifest.digest();
    }
    // A selector may mean another version a moment later, so files are offered by digest alone.
    Digest offer_version(const std::string& ref, const Files& files) {
        const std::string versions_path = "/api/v1/models/risk/versions/";
        return offer(versions_path + ref + "/manifest", versions_path + digest_of(files).text() + "/files", files);
    }
    static Digest digest_of(const Files& files) { return manifest_of(files).digest(); }
    static artifacts::Manifest manifest_of(const Files& files) {
        std::vector<artifacts::ManifestFile> entries;
        for (const auto& [path, content] : files) entries.push_back({path, content.size(), sha256(content)});
        return artifacts::Manifest::create(std::move(entries)).value();
    }
    static std::string file_of(const Digest& version, const std::string& path) {
        return "GET /api/v1/models/risk/versions/" + version.text() + "/files/" + path;
    }
    Digest offer_live(const Files& files) {
        return offer("/api/v1/models/risk/live", "/api/v1/models/risk/live/files", files);
    }

    Outcome pull(const std::string& reference) { return baton({"pull", reference, target().string()}); }
    fs::path target() const { return folder / "model"; }
    fs::path versions() const { return folder / "model.versions"; }

    FakeServer server;
};

TEST_F(PullTest, ShowsTheFilesThroughALinkNamedByDigest) {
    const Digest digest = offer_version("3", {{"model.onnx", "bytes"}, {"data/a b.json", "{}"}});
    server.on(file_of(digest, "data/a%20b.json"), "{}");
    const Outcome outcome = pull("risk/3");
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(fs::read_symlink(target()), fs::path("model.versions") / digest.hex());
    EXPECT_EQ(read(target() / "model.onnx"), "bytes");
    EXPECT_EQ(read(target() / "data" / "a b.json"), "{}");
    EXPECT_THAT(outcome.out, HasSubstr(digest.text()));
}

TEST_F(PullTest, WhatIsNotThereLeavesNoTrace) {
    EXPECT_EQ(pull("risk/9").code, 3);
    EXPECT_FALSE(fs::exists(target()));
    EXPECT_FALSE(fs::exists(versions()));
}

TEST_F(PullTest, ABareNameMeansWhatIsLiveInProduction) {
    offer_live({{"m", "live bytes"}});
    ASSERT_EQ(pull("risk").code, 0);
    EXPECT_EQ(read(target() / "m"), "live bytes");
    EXPECT_EQ(server.requests("GET /api/v1/models/risk/live").at(0).target,
              "/api/v1/models/risk/live?environment=production");
}

TEST_F(PullTest, AMismatchLeavesTheOldTree) {
    const Digest first = offer_version("1", {{"m", "old"}});
    const Digest second = offer_version("2", {{"m", "new"}, {"n", "fine"}});
    ASSERT_EQ(pull("risk/1").code, 0);
    for (const char* damaged : {"neu", "longer", "ne", ""}) {
        server.on(file_of(second, "m"), damaged);
        const Outcome outcome = pull("risk/2");
        EXPECT_EQ(outcome.code, 8) << damaged;
        EXPECT_THAT(outcome.err, HasSubstr("'m' does not match")) << damaged;
        EXPECT_EQ(fs::read_symlink(target()).filename(), first.hex());
        EXPECT_EQ(read(target() / "m"), "old");
        EXPECT_FALSE(fs::exists(target() / "n"));
        EXPECT_FALSE(fs::exists(versions() / ".incoming"));
    }
    server.on(file_of(second, "m"), "new");
    ASSERT_EQ(pull("risk/2").code, 0);
    EXPECT_EQ(read(target() / "m"), "new");
}

TEST_F(PullTest, AManifestThatDoesNotFitItsDigestIsNotTrusted) {
    const std::string good = artifacts::Manifest::create({{"m", 5, sha256("bytes")}})->canonical();
    const std::string etag = "\"" + sha256(good).text() + "\"";
    const std::string escaping = R"({"files":[{"digest":")" + sha256("bytes").text() +
                                 R"(","path":"../m","size":5}],"format":"baton-manifest/1"})";
    const std::vector<std::pair<std::string, std::string>> cases = {
        {good + " ", etag}, {good, "\"sha256:00\""}, {good, ""}, {escaping, "\"" + sha256(escaping).text() + "\""}};
    for (const auto& [body, tag] : cases) {
        server.on("GET /api/v1/models/risk/versions/1/manifest", [body = body, tag = tag](const FakeRequest&) {
            return FakeAnswer{.body = body, .headers = {{"ETag", tag}}};
        });
        EXPECT_EQ(pull("risk/1").code, 8) << body << tag;
        EXPECT_FALSE(fs::exists(fs::symlink_status(target())));
    }
}

TEST_F(PullTest, ABrokenDownloadGoesOnWhereItStopped) {
    const std::string content(500'000, 'z');
    const Digest digest = offer_version("1", {{"m", content}});
    server.on(file_of(digest, "m"), [content](const FakeRequest& request) {
        const std::string range = request.header("range");
        if (range.empty()) return FakeAnswer{.body = content, .break_after = 200'000};
        const std::size_t first = std::stoul(range.substr(std::string("bytes=").size()));
        return FakeAnswer{.status = 206, .body = content.substr(first)};
    });
    const Outcome outcome = pull("risk/1");
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(read(target() / "m"), content);
    EXPECT_EQ(server.requests(file_of(digest, "m")).size(), 2u);
}

TEST_F(PullTest, WhatIsThereIsNotFetchedAgainAndDamageIsRepaired) {
    const Digest digest = offer_version("1", {{"m", "bytes"}});
    ASSERT_EQ(pull("risk/1").code, 0);
    ASSERT_EQ(pull("risk/1").code, 0);
    EXPECT_EQ(server.requests(file_of(digest, "m")).size(), 1u);
    write("model.versions/" + digest.hex() + "/m", "rotten");
    ASSERT_EQ(pull("risk/1").code, 0);
    EXPECT_EQ(read(target() / "m"), "bytes");
}

TEST_F(PullTest, KeepsTheVersionBeforeAndNoOlderOnes) {
    const Digest one = offer_version("1", {{"m", "1"}});
    const Digest two = offer_version("2", {{"m", "2"}});
    const Digest three = offer_version("3", {{"m", "3"}});
    for (const char* reference : {"risk/1", "risk/2", "risk/3"}) ASSERT_EQ(pull(reference).code, 0);
    EXPECT_FALSE(fs::exists(versions() / one.hex()));
    EXPECT_TRUE(fs::exists(versions() / two.hex()));
    EXPECT_TRUE(fs::exists(versions() / three.hex()));
}

TEST_F(PullTest, WhatNoPullMadeIsNotReplaced) {
    offer_version("1", {{"m", "1"}});
    write("model/mine.txt", "mine");
    EXPECT_EQ(pull("risk/1").code, 5);
    EXPECT_EQ(read(target() / "mine.txt"), "mine");
    fs::remove_all(target());
    fs::create_symlink("/nowhere", target());
    EXPECT_EQ(pull("risk/1").code, 5);
    EXPECT_EQ(fs::read_symlink(target()), "/nowhere");
    fs::remove(target());
    fs::create_directory(target());
    EXPECT_EQ(pull("risk/1").code, 0);
}

TEST_F(PullTest, ASelectorThatMovesDuringTheDownloadGivesTheVersionItMeantFirst) {
    const Digest first = offer_version("latest", {{"m", "old"}, {"n", "same"}});
    server.on(file_of(first, "m"), [this](const FakeRequest&) {
        offer_version("latest", {{"m", "newer"}, {"n", "same"}});
        return FakeAnswer{.body = "old"};
    });
    const Outcome outcome = pull("risk/latest");
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(read(target() / "m"), "old");
    EXPECT_EQ(fs::read_symlink(target()).filename(), first.hex());
}

TEST_F(PullTest, AnAnswerThatNothingHasChangedToNoSuchQuestionIsRefused) {
    server.on("GET /api/v1/models/risk/versions/1/manifest", "", 304);
    EXPECT_EQ(pull("risk/1").code, 8);
    EXPECT_FALSE(fs::exists(fs::symlink_status(target())));
}

TEST_F(PullTest, AChangeOfLiveDuringTheDownloadIsFollowed) {
    offer_live({{"m", "old"}});
    server.on("GET /api/v1/models/risk/live/files/m", [this](const FakeRequest&) {
        offer_live({{"m", "newer"}});
        return FakeAnswer{.body = "newer"};
    });
    const Outcome outcome = pull("risk/live");
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(read(target() / "m"), "newer");
}

TEST_F(PullTest, WatchFollowsWhatIsLive) {
    const Digest first = offer_live({{"m", "one"}});
    Digest second;
    int polls = 0;
    server.on("GET /api/v1/live", [&](const FakeRequest&) -> FakeAnswer {
        switch (++polls) {
            case 1:
                return {.body = R"({"revision":5,"slots":[]})"};
            case 2:
                return {.body = R"({"revision":5,"slots":[]})"};  // nothing new within the wait
            case 3:
                second = offer_live({{"m", "two"}});
                return {.body = R"({"revision":6,"slots":[]})"};
            case 4:
                return {.body = R"({"revision":7,"slots":[]})"};  // another model went live
            case 5:
                return {.status = 503, .body = R"({"code":"unavailable","detail":"restarting"})"};
            default:
                return {.status = 401, .body = R"({"code":"unauthenticated","detail":"token expired"})"};
        }
    });
    const Outcome outcome = baton({"pull", "risk/live", target().string(), "--watch"});
    EXPECT_EQ(outcome.code, 4);
    EXPECT_EQ(outcome.out, "risk/live is now " + first.text() + "\nrisk/live is now " + second.text() + "\n");
    EXPECT_EQ(read(target() / "m"), "two");
    EXPECT_THAT(outcome.err, HasSubstr("waiting: restarting"));
    EXPECT_EQ(pauses.size(), 1u);
    const auto requests = server.requests("GET /api/v1/live");
    EXPECT_EQ(requests.at(0).target, "/api/v1/live?environment=production");
    EXPECT_EQ(requests.at(1).target, "/api/v1/live?environment=production&since=5&wait=30");
    EXPECT_EQ(requests.at(3).target, "/api/v1/live?environment=production&since=6&wait=30");
    const auto manifests = server.requests("GET /api/v1/models/risk/live");
    EXPECT_EQ(manifests.back().header("if-none-match"), "\"" + second.text() + "\"");
}

// A damaged copy on the server is mended, or another version goes live: both end what no attempt of ours can.
TEST_F(PullTest, WatchGoesOnAfterADownloadThatFailed) {
    const Digest first = offer_live({{"m", "one"}});
    server.on("GET /api/v1/models/risk/live/files/m", R"({"code":"integrity","detail":"the bytes have changed"})", 422);
    Digest second;
    int polls = 0;
    server.on("GET /api/v1/live", [&](const FakeRequest&) -> FakeAnswer {
        switch (++polls) {
            case 2:
                offer_live({{"m", "one"}});
                return {.body = R"({"revision":5,"slots":[]})"};  // nothing new within the wait, but it is mended
            case 3:
                server.on("GET /api/v1/models/risk/live/files/m", "");
                second = offer("/api/v1/models/risk/live", "/nowhere", {{"m", "two"}});
                return {.body = R"({"revision":6,"slots":[]})"};
            case 4:
                offer_live({{"m", "two"}});
                return {.body = R"({"revision":7,"slots":[]})"};
            case 5:
                return {.status = 401, .body = R"({"code":"unauthenticated","detail":"token expired"})"};
            default:
                return {.body = R"({"revision":5,"slots":[]})"};
        }
    });
    const Outcome outcome = baton({"pull", "risk/live", target().string(), "--watch"});
    EXPECT_EQ(outcome.code, 4) << outcome.err;
    EXPECT_EQ(outcome.out, "risk/live is now " + first.text() + "\nrisk/live is now " + second.text() + "\n");
    EXPECT_THAT(outcome.err, HasSubstr("waiting: the bytes have changed\n"));
    EXPECT_THAT(outcome.err, HasSubstr("waiting: 'm' does not match"));
    EXPECT_EQ(pauses.size(), 2u);
    const auto requests = server.requests("GET /api/v1/live");
    EXPECT_THAT(requests.at(1).target, HasSubstr("since=5&wait=30")) << "a change of live is followed at once";
    EXPECT_THAT(requests.at(3).target, HasSubstr("since=6&wait=30"));
}

TEST_F(PullTest, WatchNeedsSomethingThatMoves) {
    EXPECT_EQ(baton({"pull", "risk/3", target().string(), "--watch"}).code, 2);
    EXPECT_EQ(baton({"pull", "risk/live", target().string(), "--watch", "--json"}).code, 2);
}

}  // namespace
}  // namespace baton::cli
