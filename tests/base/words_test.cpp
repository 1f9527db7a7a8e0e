#include "base/words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace baton {
namespace {

// Every byte at every place of texts of every length around the width of a word.
TEST(Words, FindControlCharactersWhereverTheyStand) {
    for (std::size_t size = 0; size <= 20; ++size) {
        EXPECT_FALSE(has_control(std::string(size, ' '))) << size;
        for (std::size_t place = 0; place < size; ++place) {
            for (int byte = 0; byte < 256; ++byte) {
                std::string text(size, 'x');
                text[place] = static_cast<char>(byte);
                EXPECT_EQ(has_control(text), byte < 0x20 || byte == 0x7f) << size << " " << place << " " << byte;
            }
        }
    }
}

TEST(Words, FindOneByteAmongItsNeighbours) {
    for (int wanted = 0; wanted < 256; ++wanted) {
        for (int other = 0; other < 256; ++other) {
            const std::string text(8, static_cast<char>(other));
            const auto test = [&](std::uint64_t word) { return has_byte(word, static_cast<char>(wanted)); };
            EXPECT_EQ(any_word(text, test), wanted == other) << wanted << " " << other;
        }
    }
}

TEST(Words, FindWhatIsBeyondAscii) {
    EXPECT_TRUE(any_word("only one \xc3\xa9 here", has_beyond_ascii));
    EXPECT_FALSE(any_word("none of them at all", has_beyond_ascii));
}

}  // namespace
}  // namespace baton
