#include "server/live/watch.h"

#include <atomic>
#include <future>
#include <stdexcept>

#include <gtest/gtest.h>

namespace baton::server {
namespace {

using namespace std::chrono_literals;

TEST(LiveWatch, AnswersAtOnceWhatIsReady) {
    LiveWatch watch;
    std::promise<void> done;
    watch.when([] { return true; }, 1h, [&] { done.set_value(); });
    EXPECT_EQ(done.get_future().wait_for(30s), std::future_status::ready);
}

TEST(LiveWatch, AnswersWhenToldOfAChange) {
    LiveWatch watch;
    std::atomic<bool> ready{false};
    std::promise<void> done;
    auto future = done.get_future();
    watch.when([&] { return ready.load(); }, 1h, [&] { done.set_value(); });
    watch.notify();
    EXPECT_EQ(future.wait_for(20ms), std::future_status::timeout);
    ready = true;
    watch.notify();
    EXPECT_EQ(future.wait_for(30s), std::future_status::ready);
}

TEST(LiveWatch, AnswersWhenTheTimeIsOver) {
    LiveWatch watch;
    std::promise<void> done;
    watch.when([] { return false; }, 10ms, [&] { done.set_value(); });
    EXPECT_EQ(done.get_future().wait_for(30s), std::future_status::ready);
}

TEST(LiveWatch, StoppingEndsAllWaitsOnce) {
    std::atomic<int> answers{0};
    {
        LiveWatch watch;
        for (int i = 0; i < 10; ++i) watch.when([] { return false; }, 1h, [&] { ++answers; });
        watch.stop();
        watch.when([] { return false; }, 1h, [&] { ++answers; });
    }
    EXPECT_EQ(answers, 11);
}

TEST(LiveWatch, GoesOnAfterAWaiterThatThrows) {
    LiveWatch watch;
    std::promise<void> done;
    watch.when([] { return true; }, 1h, [] { throw std::runtime_error("a bug"); });
    watch.when([] { return true; }, 1h, [&] { done.set_value(); });
    EXPECT_EQ(done.get_future().wait_for(10s), std::future_status::ready);
}

TEST(LiveWatch, HasAnsweredEveryoneOnceItIsStopped) {
    LiveWatch watch;
    int answers = 0;  // no atomic: whoever is stopped in time has nothing to do with other threads
    watch.when([] { return false; }, 1h, [&] { ++answers; });
    watch.stop();
    EXPECT_EQ(answers, 1);
    watch.when([] { return false; }, 1h, [&] { ++answers; });
    EXPECT_EQ(answers, 2);
}

}  // namespace
}  // namespace baton::server
