#include "server/native/file_response.h"

#include <gtest/gtest.h>

#include "artifacts/manifest.h"
#include "tests/artifacts/store_helpers.h"

namespace baton::server::native {
namespace {

using Kind = ByteRange::Kind;

TEST(ParseRange, FollowsRfc9110) {
    struct Case {
        const char* header;
        Kind kind;
        std::uint64_t first;
        std::uint64_t length;
    };
    const Case cases[] = {
        {"bytes=500-1499", Kind::part, 500, 1000},
        {"bytes=500-", Kind::part, 500, 1548},
        {"bytes=-500", Kind::part, 1548, 500},
        {"bytes=-5000", Kind::part, 0, 2048},
        {"bytes=2000-5000", Kind::part, 2000, 48},
        {"bytes=0-0", Kind::part, 0, 1},
        {"bytes=2048-", Kind::unsatisfiable, 0, 0},
        {"bytes=-0", Kind::unsatisfiable, 0, 0},
        {"bytes=500-0", Kind::whole, 0, 0},
        {"bytes=0-1,2-3", Kind::whole, 0, 0},
        {"bytes=a-b", Kind::whole, 0, 0},
        {"lines=0-1", Kind::whole, 0, 0},
        {"bytes=", Kind::whole, 0, 0},
        {"bytes=--1", Kind::whole, 0, 0},
        {"bytes=0x1-2", Kind::whole, 0, 0},
        {"bytes=99999999999999999999-", Kind::whole, 0, 0},
    };
    for (const Case& c : cases) {
        const ByteRange range = parse_range(c.header, 2048);
        EXPECT_EQ(range.kind, c.kind) << c.header;
        EXPECT_EQ(range.first, c.first) << c.header;
        EXPECT_EQ(range.length, c.length) << c.header;
    }
    EXPECT_EQ(parse_range("bytes=0-", 0).kind, Kind::unsatisfiable);
}

registry::Version version_of(const std::string& path) {
    artifacts::ManifestFile file;
    file.path = "model.onnx";
    file.size = 3;
    file.digest = sha256("abc");
    return {.model = registry::ModelName::trusted("m"),
            .number = 1,
            .digest = artifacts::Manifest::create({file})->digest(),
            .created_at = {},
            .created_by = registry::UserName::trusted("ada"),
            .description = {},
            .tags = {},
            .metadata = {},
            .signature = {},
            .engine = {},
            .model_path = {},
            .files = {{path, 3, sha256("abc")}},
            .live_in = {},
            .findings = {},
            .aliases = {}};
}

TEST(ManifestResponse, IsTheManifestOrNothing) {
    const auto whole = manifest_response({}, version_of("model.onnx"));
    ASSERT_TRUE(whole.ok());
    EXPECT_EQ(sha256(std::get<std::string>(whole->body)), version_of("model.onnx").digest);
    for (const char* path : {"renamed.onnx", "../model.onnx"}) {
        const auto damaged = manifest_response({}, version_of(path));
        ASSERT_FALSE(damaged.ok()) << path;
        EXPECT_EQ(damaged.error().code, Code::integrity);
    }
}

TEST(FileResponse, LostBytesAreTheServersFault) {
    const TemporaryFolder folder;
    const auto store = artifacts::open_local_store({.folder = (folder.path() / "store").string()}).value();
    const auto lost = file_response({}, version_of("model.onnx"), "model.onnx", *store);
    ASSERT_FALSE(lost.ok());
    EXPECT_EQ(lost.error().code, Code::integrity);
    EXPECT_NE(lost.error().message.find(sha256("abc").text()), std::string::npos);
    EXPECT_NE(lost.error().hint.find("operator"), std::string::npos);
    ASSERT_TRUE(artifacts::put(*store, "abc").ok());
    EXPECT_TRUE(file_response({}, version_of("model.onnx"), "model.onnx", *store).ok());
    EXPECT_EQ(file_response({}, version_of("model.onnx"), "other", *store).error().code, Code::not_found);
}

}  // namespace
}  // namespace baton::server::native
