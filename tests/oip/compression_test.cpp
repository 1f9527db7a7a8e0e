#include "server/inference/compression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace baton::server {
namespace {

constexpr std::size_t plenty = 100'000'000;

TEST(Compression, ComesBackAsItWas) {
    std::mt19937 random(1);
    for (const std::size_t size : {0, 1, 100, 100'000, 3'000'000}) {
        std::string text(size, ' ');
        for (char& c : text) c = static_cast<char>('0' + random() % 10);
        for (const Coding coding : {Coding::gzip, Coding::deflate}) {
            const auto back = decompress(coding, compress(coding, text), plenty, {});
            ASSERT_TRUE(back.ok()) << size;
            EXPECT_TRUE(*back == text) << size;
        }
    }
}

TEST(Compression, RefusesBombsBeforeTheyGoOff) {
    const std::string bomb = compress(Coding::gzip, std::string(20'000'000, '0'));
    ASSERT_LT(bomb.size(), 100'000U);
    EXPECT_EQ(decompress(Coding::gzip, bomb, plenty, {}).error().code, Code::too_large) << "by its ratio";
    const std::string large = compress(Coding::gzip, std::string(64'000, 'a') + "b");
    EXPECT_TRUE(decompress(Coding::gzip, large, 64'001, {}).ok());
    EXPECT_EQ(decompress(Coding::gzip, large, 64'000, {}).error().code, Code::too_large) << "by its size";
    MemoryBudget budget(100'000);
    RequestMemory memory(budget);
    std::string noise(400'000, ' ');
    std::mt19937 random(2);
    for (char& c : noise) c = static_cast<char>(random());
    EXPECT_EQ(decompress(Coding::gzip, compress(Coding::gzip, noise), plenty, {.memory = &memory}).error().code,
              Code::too_large)
        << "by the memory there is";
}

TEST(Compression, RefusesWhatIsBrokenShortOrLonger) {
    for (const Coding coding : {Coding::gzip, Coding::deflate}) {
        const std::string whole = compress(coding, "some numbers: 1, 2, 3, 4, 5");
        for (std::size_t size = 0; size < whole.size(); ++size) {
            EXPECT_EQ(decompress(coding, whole.substr(0, size), plenty, {}).error().code, Code::invalid_argument)
                << size;
        }
        EXPECT_EQ(decompress(coding, whole + "x", plenty, {}).error().code, Code::invalid_argument);
        EXPECT_EQ(decompress(coding, whole + whole, plenty, {}).error().code, Code::invalid_argument);
        for (std::size_t at = 0; at < whole.size(); ++at) {
            std::string damaged = whole;
            damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
            static_cast<void>(decompress(coding, damaged, plenty, {}));
        }
    }
    EXPECT_FALSE(decompress(Coding::deflate, compress(Coding::gzip, "x"), plenty, {}).ok());
}

TEST(Compression, KnowsTheCodingsByName) {
    EXPECT_EQ(parse_coding(""), Coding::identity);
    EXPECT_EQ(parse_coding(" GZip "), Coding::gzip);
    EXPECT_EQ(parse_coding("x-gzip"), Coding::gzip);
    EXPECT_EQ(parse_coding("deflate"), Coding::deflate);
    EXPECT_EQ(parse_coding("gzip, deflate"), std::nullopt);
    EXPECT_EQ(parse_coding("br"), std::nullopt);
    const std::vector<std::pair<const char*, Coding>> accepted = {{"", Coding::identity},
                                                                  {"gzip, deflate", Coding::gzip},
                                                                  {"deflate, gzip;q=1.0", Coding::gzip},
                                                                  {"gzip;q=0, deflate", Coding::deflate},
                                                                  {"br;q=1.0, *;q=0.5", Coding::identity},
                                                                  {"gzip; q=0.000", Coding::identity},
                                                                  {",,;,", Coding::identity},
                                                                  {"GZIP;q=0.5", Coding::gzip}};
    for (const auto& [header, coding] : accepted) EXPECT_EQ(accepted_coding(header), coding) << header;
}

}  // namespace
}  // namespace baton::server
