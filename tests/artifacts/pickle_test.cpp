#include "artifacts/scan/pickle.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "archive_writer.h"
#include "artifacts/scan/pickle_opcodes.h"
#include "vectors.h"

namespace baton::artifacts {
namespace {

using namespace std::string_literals;

PickleVerdict walk(std::string_view bytes) { return walk_pickle(bytes, bytes.size()); }

// os.system("x") in three dialects, each without its last opcode.
const std::string calls[] = {
    "cos\nsystem\n(S'x'\ntR",
    "(S'x'\nios\nsystem\n",
    "\x80\x04\x95\x17\0\0\0\0\0\0\0\x8c\x02os\x94\x8c\x06system\x94\x93\x94\x8c\x01x\x94\x85\x94R\x94"s,
};

TEST(Pickle, RecognisesEveryProtocol) {
    const std::string cases[] = {
        "(lp0\nVa\np1\naI42\naF1.5\naL7L\nag1\na.",                   // 0
        "]q\0(K\x01M\x01\x01J\xff\xff\xff\xffG?\xf8\0\0\0\0\0\0e."s,  // 1
        "\x80\x02}q\0U\x01xq\x01\x8a\x01\x05s."s,                     // 2
        "\x80\x03"
        "C\x03"
        "abcq\0."s,                                       // 3
        "\x80\x04\x95\x05\0\0\0\0\0\0\0\x8c\x01x\x94."s,  // 4
        "\x80\x05\x96\x02\0\0\0\0\0\0\0hi."s,             // 5
        "N.",
        "I01\n.",
        "S'a'\n.",
        "}.",
        ").",
        "(1N.",
        "N0N.",
        "K\x01"
        "2\x86."s,
        "(NNd.",
        "\x8f(NN\x90."s,
        "(N\x91."s,
        "N.\n",
        "N. \r\n\t",
        "N.N.",  // blanks or more pickles behind
    };
    for (const std::string& bytes : cases) EXPECT_EQ(walk(bytes), PickleVerdict::pickle) << bytes;
}

TEST(Pickle, RecognisesOneThatActsBeforeItBreaks) {
    for (const std::string& call : calls) {
        EXPECT_EQ(walk(call + '.'), PickleVerdict::pickle) << call;
        EXPECT_EQ(walk(call), PickleVerdict::pickle) << call;
        EXPECT_EQ(walk(call + "\xff garbage"), PickleVerdict::pickle) << call;
        EXPECT_EQ(walk("N." + call), PickleVerdict::pickle) << call;  // in the second pickle of the file
    }
}

TEST(Pickle, DoesNotCountWhatFailsAtOnce) {
    const std::string cases[] = {
        "",
        ".",
        "0.",
        "1.",
        "(.",
        "R.",
        "a.",
        "NR.",
        "N(.",
        "(N",
        "h\0."s,
        "g0\n.",
        "t.",
        "N\x94",
        "o.",
        "(o.",
        "cos\nsystem\n",
        "cos\nsystem",
        "c\xff\nx\n.",
        "Ix\n.",
        "Fx\n.",
        "Sx\n.",
        "S'x\n.",
        "P\xff\n.",
        "\x80\x06N."s,
        "\x95\xff\0\0\0\0\0\0\0N."s,
        "X\xff\0\0\0x."s,
        "\x8d\xff\xff\xff\xff\xff\xff\xff\xff."s,
        "\xffN.",
    };
    for (const std::string& bytes : cases) EXPECT_EQ(walk(bytes), PickleVerdict::none) << bytes;
}

// Extension codes stand for imports that a program has registered, which only what says it is a pickle may rely on.
TEST(Pickle, CountsExtensionCodesAsImports) {
    for (const std::string& extension : {"\x82\x07"s, "\x83\x07\0"s, "\x84\x07\0\0\0"s}) {
        EXPECT_EQ(walk("\x80\x02" + extension + ")R\xff"), PickleVerdict::pickle);
        EXPECT_EQ(walk("cos\nsystem\n" + extension + ")R\xff"), PickleVerdict::pickle);
        EXPECT_EQ(walk(extension + ")R.\xff"), PickleVerdict::none);
    }
}

TEST(Pickle, LeavesTextAlone) {
    const std::string cases[] = {
        "cat\ndog\nemu\n",
        "Vendors\n.hidden\nmore",
        "I am a text.\n",
        "N. B. this is a note",
        "(a) first\n(b) second\n",
        "config\nvalue\nReal text follows\n",
        "2024-01-01,3.5\n",
        "Project\nNotes\n.",
        "]\n",
        ")\n",
        "Time,Value\n1,2\n",
    };
    for (const std::string& text : cases) EXPECT_EQ(walk(text), PickleVerdict::none) << text;
}

TEST(Pickle, IsUndecidedWhenTheHeadEndsInTheMiddle) {
    const std::string start = "X" + little_endian(1000, 4) + std::string(100, 'a');
    EXPECT_EQ(walk_pickle(start, 2000), PickleVerdict::undecided);
    EXPECT_EQ(walk_pickle(start, 1004), PickleVerdict::none);  // the string would reach beyond the end
    EXPECT_EQ(walk_pickle("V no newline", 1000), PickleVerdict::undecided);
    EXPECT_EQ(walk_pickle(calls[0], 1000), PickleVerdict::pickle);  // what was seen is enough
}

TEST(Pickle, KnowsThe68Opcodes) {
    int count = 0;
    for (const auto& opcode : pickle::opcodes) count += opcode.effect != pickle::Effect::unknown;
    EXPECT_EQ(count, 68);
}

TEST(Pickle, FollowsNoEndlessNesting) {
    EXPECT_EQ(walk(std::string(2'000'000, '(')), PickleVerdict::pickle);
    EXPECT_EQ(walk(std::string(1000, '(')), PickleVerdict::none);
}

TEST(Pickle, RefusesEveryDangerousImport) {
    const std::filesystem::path path = vectors("picklescan/dangerous-imports.json");
    if (path.empty()) GTEST_SKIP() << "the shared test vectors are not here";
    const auto document = nlohmann::json::parse(read_file(path));
    int count = 0;
    for (const auto& row : document.at("must_be_refused")) {
        for (const auto& import : row.at("imports")) {
            const auto module = import.at(0).get<std::string>(), name = import.at(1).get<std::string>();
            EXPECT_EQ(walk("c" + module + "\n" + name + "\n."), PickleVerdict::pickle) << module << '.' << name;
            const std::string by_stack = "\x80\x04\x8c" + little_endian(module.size(), 1) + module + "\x8c" +
                                         little_endian(name.size(), 1) + name + "\x93)R\xff";  // broken at its end
            EXPECT_EQ(walk(by_stack), PickleVerdict::pickle) << module << '.' << name;
            ++count;
        }
    }
    EXPECT_GE(count, 87);
}

TEST(Pickle, TakesNoRandomBytesForOne) {
    std::mt19937_64 random(20260101);
    for (int round = 0; round < 200'000; ++round) {
        std::string bytes(random() % 200 + 8, '\0');  // of eight bytes and fewer, one in a million happens to be one
        for (char& c : bytes) c = static_cast<char>(random());
        EXPECT_EQ(walk(bytes), PickleVerdict::none) << round;
    }
}

TEST(Pickle, SurvivesEveryMutation) {
    std::mt19937_64 random(7);
    for (const std::string& call : calls) {
        for (int round = 0; round < 20'000; ++round) {
            std::string bytes = call + '.';
            for (std::size_t i = random() % 4; i-- > 0;) bytes[random() % bytes.size()] = static_cast<char>(random());
            bytes.resize(random() % bytes.size());
            walk(bytes);
            walk_pickle(bytes, random());
        }
    }
}

}  // namespace
}  // namespace baton::artifacts
