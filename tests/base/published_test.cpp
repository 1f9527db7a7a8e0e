#include "base/published.h"

#include <thread>

#include <gtest/gtest.h>

namespace baton {
namespace {

TEST(PublishedTest, HoldsTheNewestValueAndNothingElse) {
    EXPECT_EQ(Published<int>().load(), nullptr);
    auto first = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = first;
    Published<int> published(std::move(first));
    EXPECT_EQ(*published.load(), 1);
    published.store(std::make_shared<int>(2));
    EXPECT_EQ(*published.load(), 2);
    EXPECT_TRUE(watched.expired());
}

TEST(PublishedTest, AReaderKeepsWhatItLoaded) {
    Published<int> published(std::make_shared<int>(1));
    const auto held = published.load();
    published.store(std::make_shared<int>(2));
    EXPECT_EQ(*held, 1);
}

TEST(PublishedTest, ReadersSeeWholeValuesInOrderWhileTheWriterGoesOn) {
    struct Pair {
        int a = 0;
        int b = 0;
    };
    Published<const Pair> published(std::make_shared<const Pair>());
    std::atomic<bool> done = false;
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) {
        readers.emplace_back([&] {
            int last = 0;
            while (!done) {
                const auto value = published.load();
                EXPECT_EQ(value->a, value->b);
                EXPECT_GE(value->a, last);
                last = value->a;
            }
        });
    }
    for (int i = 1; i <= 2000; ++i) published.store(std::make_shared<const Pair>(Pair{i, i}));
    done = true;
    for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace baton
