#include "server/registration/admission.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "tests/artifacts/store_helpers.h"

namespace baton::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::string trained_model(const std::string& name) {
    std::ifstream file(std::string(BATON_SOURCE_DIR) + "/tests/data/models/" + name + ".onnx", std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
}

class Admit : public testing::Test {
protected:
    // As after an upload of all these files, by path.
    Result<Admission> admit(const std::vector<std::pair<std::string, std::string>>& files) {
        std::vector<artifacts::ManifestFile> entries;
        for (const auto& [path, content] : files) {
            BATON_TRY(put(*store_, content));
            entries.push_back({path, content.size(), sha256(content)});
        }
        return admit_entries(std::move(entries));
    }
    Result<Admission> admit_entries(std::vector<artifacts::ManifestFile> entries) {
        BATON_ASSIGN(const artifacts::Manifest manifest, artifacts::Manifest::create(std::move(entries)));
        return server::admit(manifest, *store_, inference::Engines(), inference::EngineChoice::automatic);
    }
    artifacts::BlobStore& store() { return *store_; }

private:
    const TemporaryFolder folder_;
    const std::unique_ptr<artifacts::BlobStore> store_ =
        *artifacts::open_local_store({.folder = (folder_.path() / "store").string()});
};

std::vector<std::string> codes(const Admission& admission) {
    std::vector<std::string> list;
    for (const registry::Finding& finding : admission.findings) list.push_back(finding.severity + ' ' + finding.code);
    return list;
}

TEST_F(Admit, ReadsAModelOnceForAllThatIsKnownOfIt) {
    const auto admission = admit({{"model.onnx", trained_model("lasso-float")}, {"notes.md", "fitted on Monday\n"}});
    ASSERT_TRUE(admission.ok()) << admission.error().message;
    EXPECT_EQ(admission->engine, "eigen");
    EXPECT_EQ(admission->model_path, "model.onnx");
    EXPECT_THAT(admission->facts, ElementsAre(Pair("onnx_producer", "skl2onnx 1.20.0")));
    ASSERT_EQ(admission->signature.inputs.size(), 1u);
    EXPECT_EQ(admission->signature.inputs[0].datatype, "FP32");
    EXPECT_EQ(admission->signature.inputs[0].shape[0], -1);
    EXPECT_EQ(admission->signature.outputs[0].shape, (std::vector<std::int64_t>{-1, 1}));
    EXPECT_THAT(codes(*admission), ElementsAre());
}

TEST_F(Admit, FilesWithoutAModelAreKeptAsFiles) {
    const auto admission = admit({{"weights.txt", "1 2 3\n"}, {"empty", ""}});
    ASSERT_TRUE(admission.ok()) << admission.error().message;
    EXPECT_EQ(admission->engine, "none");
    EXPECT_THAT(codes(*admission), ElementsAre("info no_model"));
}

TEST_F(Admit, AModelIsFoundUnderAnyName) {
    for (const std::string path : {"weights.bin", "sub/model.onnx", "net.onnx"}) {
        const auto admission = admit({{path, trained_model("lasso-float")}, {"notes.md", "hello\n"}});
        ASSERT_TRUE(admission.ok()) << admission.error().message;
        EXPECT_EQ(admission->model_path, path);
        EXPECT_EQ(admission->engine, "eigen");
    }
}

TEST_F(Admit, NamesDecideBeforeContent) {
    const auto admission = admit({{"a.onnx", trained_model("lasso-float")}, {"b.bin", trained_model("lasso-float")}});
    ASSERT_TRUE(admission.ok()) << admission.error().message;
    EXPECT_EQ(admission->model_path, "a.onnx");
}

TEST_F(Admit, OfSeveralModelsNoneIsGuessed) {
    const std::string model = trained_model("lasso-float");
    for (const std::string ending : {".onnx", ".bin"}) {
        const auto admission = admit({{"a" + ending, model}, {"sub/model" + ending, model}});
        ASSERT_TRUE(admission.ok()) << admission.error().message;
        EXPECT_EQ(admission->engine, "none");
        EXPECT_THAT(codes(*admission), testing::Contains("info several_models"));
        EXPECT_THAT(admission->findings.back().message, HasSubstr("\"a" + ending + "\""));
    }
}

TEST_F(Admit, SaysWhichFileIsNoModel) {
    for (const std::string path : {"model.onnx", "other.onnx"}) {
        const std::string second = path == "model.onnx" ? "other.onnx" : "model.onnx";
        const auto admission = admit({{path, "not a model"}, {second, trained_model("lasso-float")}});
        ASSERT_FALSE(admission.ok());
        EXPECT_EQ(admission.error().code, Code::invalid_argument);
        EXPECT_THAT(admission.error().message, HasSubstr('"' + path + '"'));
    }
}

TEST_F(Admit, AModelNeedsAnEngineAnotherFileDoesNot) {
    std::string strange = trained_model("lasso-float");
    for (std::size_t at = 0; (at = strange.find("LinearRegressor", at)) != std::string::npos;) {
        strange.replace(at, 15, "LinearSomething");
    }
    const auto alone = admit({{"model.onnx", strange}});
    ASSERT_FALSE(alone.ok());
    EXPECT_EQ(alone.error().code, Code::unsupported_model);
    EXPECT_TRUE(admit({{"model.onnx", trained_model("lasso-float")}, {"older.onnx", strange}}).ok());
}

TEST_F(Admit, ListsAllThatWasNotUploaded) {
    const Digest first = sha256("first"), second = sha256("second");
    const auto admission = admit_entries({{"a", 5, first}, {"b", 6, second}});
    ASSERT_FALSE(admission.ok());
    EXPECT_EQ(admission.error().code, Code::blobs_missing);
    EXPECT_THAT(admission.error().digests, ElementsAre(first.text(), second.text()));
}

TEST_F(Admit, ComparesSizes) {
    ASSERT_TRUE(put(store(), "four").ok());
    const auto admission = admit_entries({{"a", 5, sha256("four")}});
    ASSERT_FALSE(admission.ok());
    EXPECT_EQ(admission.error().code, Code::integrity);
}

}  // namespace
}  // namespace baton::server
