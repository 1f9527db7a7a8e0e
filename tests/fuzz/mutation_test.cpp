// Runs every fuzz target on its corpus and on damaged copies of it: the same ones in each run.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "tests/fuzz/targets.h"

namespace baton::fuzz {
namespace {

constexpr int rounds = 50'000;

std::vector<std::string> corpus(std::string_view target) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(BATON_SOURCE_DIR "/tests/fuzz/corpus") / target)) {
        paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    std::vector<std::string> files;
    for (const auto& path : paths) {
        std::ifstream stream(path, std::ios::binary);
        files.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    }
    return files;
}

class Mutator {
public:
    explicit Mutator(const std::vector<std::string>& seeds) : seeds_(seeds) {}

    std::string next() {
        std::string bytes = pick();
        for (auto changes = random_() % 6; changes > 0; --changes) change(bytes);
        return bytes;
    }

private:
    const std::string& pick() { return seeds_[random_() % seeds_.size()]; }
    std::size_t place(const std::string& bytes) { return random_() % (bytes.size() + 1); }

    void change(std::string& bytes) {
        static constexpr std::string_view likely = "[]{},:\"\\0123456789-+.eENIntf \n\r\x80\xff";
        static const std::vector<std::string> words = {"null",
                                                       "NaN",
                                                       "-Infinity",
                                                       "true",
                                                       "1e999",
                                                       "9223372036854775807",
                                                       "-9223372036854775808",
                                                       "\"\\ud800\"",
                                                       "[[[[[[[[[[",
                                                       "{\"b64\":\"",
                                                       "\"name\":",
                                                       "\"shape\":",
                                                       "\"data\":",
                                                       "\"parameters\":{\"binary_data_size\":"};
        const std::size_t at = place(bytes);
        switch (random_() % 7) {
            case 0:
                bytes.resize(at);
                break;
            case 1:
                bytes.insert(at, words[random_() % words.size()]);
                break;
            case 2:
                bytes.insert(at, 1, likely[random_() % likely.size()]);
                break;
            case 3:
                bytes.erase(at, random_() % 8);
                break;
            case 4:
                bytes.insert(at, bytes.substr(place(bytes), random_() % 64));
                break;
            case 5:
                bytes.replace(at, random_() % 16, pick().substr(0, random_() % 64));
                break;
            default:
                if (at < bytes.size()) bytes[at] = static_cast<char>(random_());
        }
    }

    const std::vector<std::string>& seeds_;
    std::mt19937 random_{20'240'229};
};

class Mutation : public testing::TestWithParam<Target> {};

TEST_P(Mutation, KeepsEveryPromise) {
    const auto seeds = corpus(GetParam().name);
    ASSERT_FALSE(seeds.empty());
    for (const std::string& seed : seeds) {
        for (std::size_t size = 0; size <= std::min<std::size_t>(seed.size(), 2000); ++size) {
            GetParam().run(std::string_view(seed).substr(0, size));
        }
        GetParam().run(seed);
    }
    Mutator mutator(seeds);
    for (int round = 0; round < rounds; ++round) GetParam().run(mutator.next());
}

INSTANTIATE_TEST_SUITE_P(Codecs, Mutation, testing::ValuesIn(targets().begin(), targets().end()),
                         [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace baton::fuzz
