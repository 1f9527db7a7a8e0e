#include "artifacts/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "archive_writer.h"
#include "artifacts/scan/archive.h"
#include "base/encoding.h"
#include "vectors.h"

namespace baton::artifacts {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string harmless_pickle = "\x80\x02]q\0."s;
const std::string raw_bytes = "\x01\x02\xff\xfe\0\0"s;
constexpr std::size_t head_size = 64 * 1024;

std::string npy(std::string_view descr, std::string_view data = "12345678") {
    std::string header = "{'descr': " + std::string(descr) + ", 'fortran_order': False, 'shape': (1,), }\n";
    return "\x93NUMPY\x01"s + '\0' + little_endian(header.size(), 2) + header + std::string(data);
}

// "severity code" of each finding.
std::vector<std::string> scan(std::string_view path, std::string_view content) {
    std::vector<std::string> list;
    for (const Finding& finding : scan_file(path, content)) {
        EXPECT_TRUE(is_valid_utf8(finding.message));
        list.push_back(finding.severity + ' ' + finding.code);
    }
    return list;
}

std::string message_of(std::string_view path, std::string_view content) {
    const std::vector<Finding> findings = scan_file(path, content);
    return findings.empty() ? "" : findings.front().message;
}

TEST(Recognise, TellsFormatsByContent) {
    const std::string onnx = "\x08\x07\x12\x04test\x3a\x02\x0a\x00\x42\x02\x10\x0d"s;
    const std::pair<std::string, Format> cases[] = {
        {harmless_pickle, Format::pickle},
        {onnx, Format::onnx},
        {"\x42\x02\x10\x0d\x3a\x7f\x01\x08\x07"s, Format::unknown},  // the version is inside the graph
        {"\x08\x07\x12\x04test"s, Format::unknown},                  // no graph
        {onnx + "\x98\x06\x01", Format::unknown},                    // a field that no model has
        {zip_of({{"a", "b"}}), Format::zip},
        {npy("'<f8'"), Format::npy},
        {npy("'|O'"), Format::npy_objects},
        {little_endian(2, 8) + "{}", Format::safetensors},
        {little_endian(200'000'000, 8) + "{}", Format::unknown},
        {"\x89HDF\r\n\x1a\n\0\0"s, Format::hdf5},
        {R"( {"a": 1})", Format::json},
        {"[1, 2]", Format::json},
        {"[link] and text", Format::text},
        {"péché\n", Format::text},
        {"a\0b"s, Format::unknown},
        {"\xff\xfe", Format::unknown},
        {"", Format::unknown},
    };
    for (const auto& [content, format] : cases)
        EXPECT_EQ(format_name(recognise(content)), format_name(format)) << content;
}

TEST(Recognise, LetsTheHeadCutACharacter) {
    std::string head(head_size - 1, 'a');
    EXPECT_EQ(recognise(head + "\xc3"), Format::text);
    EXPECT_EQ(recognise(head.substr(1) + "\xe2\x82"), Format::text);
    EXPECT_EQ(recognise("a\xc3"), Format::unknown);
}

TEST(ScanFile, BlocksPicklesUnderAnyName) {
    for (const char* path : {"model.pkl", "model.onnx", "README.md", "x", "a/b.bin"}) {
        EXPECT_THAT(scan(path, harmless_pickle), testing::Contains("blocking pickle")) << path;
    }
    EXPECT_THAT(message_of("dir/model.pkl", harmless_pickle), HasSubstr("dir/model.pkl"));
}

TEST(ScanFile, LooksThroughCompression) {
    const std::string call = "cos\nsystem\n(S'x'\ntR.";
    for (const int window : {15, 31}) {
        EXPECT_THAT(scan("m.joblib", deflated(call, window)), ElementsAre("blocking pickle"));
        EXPECT_THAT(scan("m.gz", deflated(npy("'|O'"), window)), ElementsAre("blocking pickle"));
        EXPECT_THAT(scan("m.gz", deflated("a,b\n1,2\n", window)), IsEmpty());
        EXPECT_THAT(scan("m.gz", deflated(npy("'<f4'"), window)), IsEmpty());
        EXPECT_THAT(scan("m.tgz", deflated(tar_of("m.pkl", call), window)), ElementsAre("blocking unscannable"));
        EXPECT_THAT(scan("m.gz", deflated(deflated(call, 31), window)), ElementsAre("blocking unscannable"));
        // Cut off and in two streams, as readers take it as well.
        const std::string whole = deflated(call, window);
        EXPECT_THAT(scan("m.gz", whole.substr(0, whole.size() - 4)), ElementsAre("blocking pickle"));
        EXPECT_THAT(scan("m.gz", deflated(call.substr(0, 5), window) + deflated(call.substr(5), window)),
                    ElementsAre("blocking pickle"));
    }
}

TEST(ScanFile, FindsACallBehindALongString) {
    const std::string hidden = "X" + little_endian(300'000, 4) + std::string(300'000, 'a') + "0cos\nsystem\n(S'x'\ntR.";
    EXPECT_THAT(scan("m.gz", deflated(hidden, 31)), ElementsAre("blocking pickle"));
    EXPECT_THAT(scan("m.zip", zip_of({{"data", hidden, true}})), ElementsAre("blocking pickle_in_archive"));
    EXPECT_THAT(scan("m.zip", zip_of({{"data", hidden}})), ElementsAre("blocking pickle_in_archive"));
}

TEST(ScanFile, BoundsWhatItInflates) {
    // Beyond the 16 MiB that are looked at: a pickle that may do anything, and a text that only starts like one.
    const std::size_t large = 17 << 20;
    EXPECT_THAT(scan("m.gz", deflated("X" + little_endian(large, 4) + std::string(large, 'a') + '.', 31)),
                ElementsAre("blocking unscannable"));
    EXPECT_THAT(scan("m.csv.gz", deflated("Time,Value\n" + std::string(large, '1'), 31)), IsEmpty());
}

TEST(ScanFile, DistrustsCompressionsItDoesNotUndo) {
    const std::string cases[] = {
        "\xfd"
        "7zXZ\0abc"s,
        "BZh91AY&SYabcdef", "\x04\x22\x4d\x18 abc", "\x28\xb5\x2f\xfd abc",
        "\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff abc"s};
    for (const std::string& content : cases) {
        EXPECT_THAT(scan("model", content), ElementsAre("blocking unscannable"));
        EXPECT_THAT(scan("m.zip", zip_of({{"member", content}})), ElementsAre("blocking unscannable"));
    }
    EXPECT_THAT(scan("x.txt", "x^ is no compression"), IsEmpty());
    EXPECT_THAT(scan("x.txt", "BZh9 is no compression"), IsEmpty());
}

TEST(ScanFile, LooksIntoArchives) {
    for (const bool deflate : {false, true}) {
        EXPECT_THAT(scan("m.zip", zip_of({{"a.txt", "text", deflate}, {"b/", ""}, {"w", raw_bytes, deflate}})),
                    IsEmpty());
        EXPECT_THAT(scan("m.pt", zip_of({{"a.txt", "text"}, {"archive/data.pkl", harmless_pickle, deflate}})),
                    ElementsAre("blocking pickle_in_archive"));
        EXPECT_THAT(scan("m.npz", zip_of({{"a.npy", npy("'<i8'"), deflate}})), IsEmpty());
        EXPECT_THAT(scan("m.npz", zip_of({{"a.npy", npy("'|O'"), deflate}})),
                    ElementsAre("blocking pickle_in_archive"));
        EXPECT_THAT(scan("m.mar", zip_of({{"m.pt", zip_of({{"x", "y"}}), deflate}})),
                    ElementsAre("blocking unscannable"));
    }
    EXPECT_THAT(scan("m.tar", tar_of("m", harmless_pickle)), ElementsAre("blocking pickle_in_archive"));
    EXPECT_THAT(scan("m.tar", tar_of("m.txt", "text")), IsEmpty());
    std::vector<TestMember> many;
    for (int i = 0; i < 5; ++i) many.push_back({"m" + std::to_string(i), harmless_pickle});
    EXPECT_THAT(message_of("m.zip", zip_of(many)), testing::AllOf(HasSubstr("m0, m1, m2"), HasSubstr("2 more")));
    EXPECT_THAT(message_of("m.zip", zip_of({{"\xff\n", harmless_pickle}})), HasSubstr("cannot be printed"));
}

TEST(ScanFile, RefusesArchivesThatSayTwoThings) {
    const std::string good = zip_of({{"a.txt", "some text"}});
    ASSERT_THAT(scan("m.zip", good), IsEmpty());
    const std::string cases[] = {
        zip_of({{"a.txt", "text", false, "b.txt"}}),    // another name before the member
        zip_of({{"a.txt", "text", false, "", 1}}),      // encrypted
        zip_of({{"a.txt", "text", false, "", 0, 12}}),  // bzip2
        good.substr(0, good.size() - 30),               // without its end
        good.substr(0, 20),
        "#!/bin/sh\n" + good,  // two files in one
        "PK\x03\x04"
        "and nothing of an archive",
    };
    for (const std::string& archive : cases) {
        EXPECT_THAT(scan("m.zip", archive), testing::Contains("blocking unscannable"));
    }
    const std::string hidden = harmless_pickle.substr(0, harmless_pickle.size() - 1) + "0N." + good;
    EXPECT_THAT(scan("m.zip", hidden), testing::Contains("blocking pickle"));
}

// A directory may name the same bytes again and again: each of its entries would be looked into.
TEST(ScanFile, RefusesMembersThatShareBytes) {
    const std::string whole = zip_of({{"a.txt", std::string(1 << 20, 'a')}});
    const std::size_t directory = whole.find("PK\x01\x02"), end = whole.find("PK\x05\x06");
    const std::string record = whole.substr(directory, end - directory);
    const std::size_t count = max_archive_members;
    std::string archive = whole.substr(0, directory);
    for (std::size_t i = 0; i < count; ++i) archive += record;
    archive += "PK\x05\x06" + std::string(4, '\0') + little_endian(count, 2) + little_endian(count, 2) +
               little_endian(count * record.size(), 4) + little_endian(directory, 4) + little_endian(0, 2);
    const std::vector<Finding> findings = scan_file("m.zip", archive);
    ASSERT_FALSE(findings.empty());
    EXPECT_EQ(findings.back().code, "unscannable");
    EXPECT_THAT(findings.back().message, HasSubstr("two members share bytes"));
}

TEST(ScanFile, ReadsTypesOfArrays) {
    const char* plain[] = {"'<f8'",  "'|u1'", "'<U3'", "'|S0'", "'?'", "[('Open', '<f8'), ('b', '<i4', (2,))]",
                           "\"<f8\""};
    for (const char* descr : plain) EXPECT_THAT(scan("a.npy", npy(descr)), IsEmpty()) << descr;
    const char* objects[] = {"'|O'",  "'O'",     "'|O8'",       "'object'", "'<f8,O'",    "[('a', '<f8'), ('b', '|O')]",
                             "\"O\"", "'\\x4f'", "'obj' 'ect'", "'' 'O'",   "'unfinished"};
    for (const char* descr : objects) EXPECT_THAT(scan("a.npy", npy(descr)), ElementsAre("blocking pickle")) << descr;
    EXPECT_THAT(scan("a.npy", "\x93NUMPY\x01"), ElementsAre("blocking pickle"));  // no header to read
}

TEST(ScanFile, ComparesNameAndContent) {
    EXPECT_THAT(scan("model.onnx", "not a model"), ElementsAre("warning mislabelled"));
    EXPECT_THAT(scan("MODEL.ONNX", raw_bytes), ElementsAre("warning mislabelled"));
    EXPECT_THAT(scan("data.npy", npy("'<f8'")), IsEmpty());
    EXPECT_THAT(scan("data.npz", npy("'<f8'")), ElementsAre("warning mislabelled"));
    EXPECT_THAT(scan("model.pkl", raw_bytes), ElementsAre("blocking unscannable"));
    EXPECT_THAT(scan("messages.pt", "bom dia\n"), IsEmpty());
    EXPECT_THAT(scan("weights.bin", raw_bytes), ElementsAre("info unknown_format"));
    EXPECT_THAT(scan("weights.dat", raw_bytes), IsEmpty());
    EXPECT_THAT(scan("m.h5", "\x89HDF\r\n\x1a\n\0"s), ElementsAre("info hdf5"));
    EXPECT_THAT(scan("anything.txt", ""), IsEmpty());
    EXPECT_THAT(scan("\xff.pkl", harmless_pickle), ElementsAre("blocking pickle"));
}

TEST(ScanFile, FlagsNoRandomBytes) {
    std::mt19937_64 random(42);
    for (int round = 0; round < 20'000; ++round) {
        std::string content(random() % 2000 + 16, '\0');
        for (char& c : content) c = static_cast<char>(random());
        EXPECT_THAT(scan("weights.dat", content), IsEmpty()) << round;
    }
}

TEST(ScanFile, SurvivesEveryMutation) {
    std::mt19937_64 random(43);
    const std::string seeds[] = {zip_of({{"a", harmless_pickle}, {"b", npy("'|O'"), true}}), npy("[('a', '|O')]"),
                                 deflated(harmless_pickle, 31), tar_of("a", harmless_pickle)};
    for (const std::string& seed : seeds) {
        for (int round = 0; round < 3000; ++round) {
            std::string content = seed;
            for (std::size_t i = random() % 5; i-- > 0;)
                content[random() % content.size()] = static_cast<char>(random());
            if (random() % 4 == 0) content.resize(random() % content.size());
            scan("x", content);
            recognise(content);
        }
    }
}

class Vectors : public testing::Test {
protected:
    template <class Check>  // void(path in the set, content)
    int each_file(const std::string& set, Check check) {
        int count = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(vectors(set))) {
            if (!entry.is_regular_file()) continue;
            check(entry.path().string(), read_file(entry.path()));
            ++count;
        }
        return count;
    }
    void SetUp() override {
        if (vectors("picklescan").empty()) GTEST_SKIP() << "the shared test vectors are not here";
    }
};

TEST_F(Vectors, NothingWithAPickleIsClean) {
    const int count = each_file("picklescan/inert", [](const std::string& path, const std::string& content) {
        const std::vector<std::string> findings = scan(path, content);
        if (path.find("int_array") != std::string::npos) {  // arrays of numbers, no pickle inside
            EXPECT_THAT(findings, IsEmpty()) << path;
        } else if (path.ends_with("not_a_pickle.bin")) {
            EXPECT_THAT(findings, ElementsAre("info unknown_format"));
        } else {
            EXPECT_THAT(findings, testing::Contains(testing::StartsWith("blocking"))) << path;
        }
    });
    EXPECT_EQ(count, 12);
}

TEST_F(Vectors, OrdinaryFilesAreNotBlocked) {
    for (const char* set : {"onnx-sklearn", "onnx-ml", "json", "jcs", "safetensors", "triton", "oms", "merkle"}) {
        each_file(set, [](const std::string& path, const std::string& content) {
            if (path.ends_with("bad-pickle-header.safetensors")) return;  // it is what its name says
            EXPECT_THAT(scan(path, content), testing::Not(testing::Contains(testing::StartsWith("blocking")))) << path;
        });
    }
}

TEST_F(Vectors, ModelsAreRecognised) {
    const int count = each_file("onnx-sklearn", [](const std::string& path, const std::string& content) {
        if (path.ends_with(".onnx")) {
            EXPECT_EQ(recognise(content.substr(0, head_size)), Format::onnx) << path;
        }
    });
    EXPECT_GT(count, 90);
}

}  // namespace
}  // namespace baton::artifacts
