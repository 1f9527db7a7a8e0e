#include "artifacts/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "vectors.h"

namespace baton::artifacts {
namespace {

using ::testing::HasSubstr;

ManifestFile file(std::string path, std::string_view content = "abc") {
    return {std::move(path), content.size(), sha256(content)};
}

Manifest manifest_of(std::vector<ManifestFile> files) {
    Result<Manifest> manifest = Manifest::create(std::move(files));
    EXPECT_TRUE(manifest.ok()) << manifest.error().message;
    return *std::move(manifest);
}

TEST(Manifest, HasGoldenCanonicalFormAndDigest) {
    const Manifest manifest = manifest_of({file("model.onnx"), file("a/notes.txt", "")});
    EXPECT_EQ(
        manifest.canonical(),
        R"({"files":[)"
        R"({"digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","path":"a/notes.txt","size":0},)"
        R"({"digest":"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","path":"model.onnx","size":3}],)"
        R"("format":"baton-manifest/1"})");
    EXPECT_EQ(manifest.digest().text(), "sha256:311e89d4aa24a28491e915286c1b80d4e387a0965a0c80454c9d7246e9f34f07");
    EXPECT_EQ(manifest.total_size(), 3u);
}

TEST(Manifest, WritesNamesAsTheyAre) {
    const Manifest manifest = manifest_of({file("péché/€ 😂 'é'.bin")});
    EXPECT_THAT(manifest.canonical(), HasSubstr(R"("path":"péché/€ 😂 'é'.bin","size":3)"));
}

TEST(Manifest, DigestIsThatOfSha256sum) {
    const Manifest manifest = manifest_of({file("b/c.bin", "x"), file("ä.txt", "y"), file("b.bin", "z")});
    const std::string name =
        (std::filesystem::temp_directory_path() / ("manifest." + std::to_string(::getpid()))).string();
    std::ofstream(name, std::ios::binary) << manifest.canonical();
    std::FILE* pipe = ::popen(("sha256sum < " + name).c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    char hex[65] = {};
    EXPECT_EQ(std::fread(hex, 1, 64, pipe), 64u);
    ::pclose(pipe);
    std::filesystem::remove(name);
    EXPECT_EQ(manifest.digest().hex(), hex);
}

TEST(Manifest, SortsByBytes) {
    const Manifest manifest = manifest_of({file("é"), file("a/b"), file("a.txt"), file("B"), file("z")});
    std::vector<std::string> paths;
    for (const ManifestFile& f : manifest.files()) paths.push_back(f.path);
    EXPECT_THAT(paths, ::testing::ElementsAre("B", "a.txt", "a/b", "z", "é"));
}

TEST(Manifest, IsTheSameInEveryOrder) {
    std::vector<ManifestFile> files;
    for (int i = 0; i < 50; ++i) files.push_back(file("f" + std::to_string(i), std::to_string(i)));
    const Digest expected = manifest_of(files).digest();
    std::mt19937 random(1);
    for (int round = 0; round < 20; ++round) {
        std::shuffle(files.begin(), files.end(), random);
        EXPECT_EQ(manifest_of(files).digest(), expected);
    }
}

TEST(Manifest, DigestDependsOnNameSizeAndContent) {
    const Digest digest = manifest_of({file("a")}).digest();
    EXPECT_NE(manifest_of({file("b")}).digest(), digest);
    EXPECT_NE(manifest_of({file("a", "abd")}).digest(), digest);
    EXPECT_NE(manifest_of({{"a", 4, sha256("abc")}}).digest(), digest);
    EXPECT_NE(manifest_of({file("a"), file("b")}).digest(), digest);
}

TEST(Manifest, FindsAFile) {
    const Manifest manifest = manifest_of({file("b"), file("a/x"), file("c")});
    ASSERT_NE(manifest.find("a/x"), nullptr);
    EXPECT_EQ(manifest.find("a/x")->path, "a/x");
    EXPECT_EQ(manifest.find("a"), nullptr);
    EXPECT_EQ(manifest.find("zz"), nullptr);
}

TEST(Manifest, NamesEveryWrongFile) {
    const Result<Manifest> manifest = Manifest::create(
        {file("good"), file("../bad"), file("Good"), file("good"), file("good/inside"), file("ÄB"), file("äb/c")});
    ASSERT_FALSE(manifest.ok());
    EXPECT_EQ(manifest.error().code, Code::invalid_argument);
    std::map<std::string, std::string> errors;
    for (const FieldError& error : manifest.error().fields) errors[error.field] = error.message;
    EXPECT_THAT(errors, ::testing::UnorderedElementsAre(::testing::Pair("files[1]", HasSubstr("..")),
                                                        ::testing::Pair("files[2]", HasSubstr("case")),
                                                        ::testing::Pair("files[3]", HasSubstr("twice")),
                                                        ::testing::Pair("files[4]", HasSubstr("folder")),
                                                        ::testing::Pair("files[6]", HasSubstr("folder"))));
}

TEST(Manifest, LimitsCountAndSize) {
    std::vector<ManifestFile> files;
    EXPECT_FALSE(Manifest::create(files).ok());
    for (int i = 0; i < 10'000; ++i) files.push_back(file(std::to_string(i)));
    EXPECT_TRUE(Manifest::create(files).ok());
    files.push_back(file("one-more"));
    EXPECT_FALSE(Manifest::create(files).ok());

    constexpr std::uint64_t most = (1ULL << 53) - 1;
    EXPECT_TRUE(Manifest::create({{"a", most - 1, {}}, {"b", 1, {}}}).ok());
    EXPECT_FALSE(Manifest::create({{"a", most, {}}, {"b", 1, {}}}).ok());
    EXPECT_FALSE(Manifest::create({{"a", ~0ULL, {}}}).ok());
}

// Every string of the RFC 8785 test data that is a good path must stand in the manifest as it stands in the canonical
// data.
TEST(Manifest, WritesStringsLikeTheCanonicalJsonVectors) {
    const std::filesystem::path folder = vectors("jcs/testdata/output");
    if (folder.empty()) GTEST_SKIP() << "the shared test vectors are not here";
    int compared = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string canonical = read_file(entry.path());
        const auto document = nlohmann::json::parse(canonical);
        const auto compare = [&](const std::string& text) {
            if (!check_path(text).ok()) return;
            const std::string literal = '"' + text + '"';
            EXPECT_THAT(canonical, HasSubstr(literal));
            EXPECT_THAT(manifest_of({file(text)}).canonical(), HasSubstr("\"path\":" + literal));
            ++compared;
        };
        const auto leaves = document.flatten();
        for (const auto& [key, value] : leaves.items()) {
            if (value.is_string()) compare(value.get<std::string>());
        }
        if (document.is_object()) {
            for (const auto& [key, value] : document.items()) compare(key);
        }
    }
    EXPECT_GT(compared, 15);
}

}  // namespace
}  // namespace baton::artifacts
