#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <stdexcept>

#include "server/transport/server.h"

namespace baton::server {
namespace {

TEST(WorkerPool, RunsWhatWasQueuedBeforeItEnds) {
    std::atomic<int> done = 0;
    {
        WorkerPool pool(2, 100);
        for (int i = 0; i < 100; ++i) ASSERT_TRUE(pool.submit([&] { ++done; }));
    }
    EXPECT_EQ(done, 100);
}

TEST(WorkerPool, GoesOnAfterATaskThatThrows) {
    std::promise<void> ran;
    WorkerPool pool(1, 10);
    pool.submit([] { throw std::runtime_error("a bug"); });
    pool.submit([&] { ran.set_value(); });
    EXPECT_EQ(ran.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(WorkerPool, RefusesWhenTheQueueIsFullButNotTheNextStep) {
    std::promise<void> started;
    std::promise<void> release;
    std::atomic<int> done = 0;
    {
        WorkerPool pool(1, 2);
        ASSERT_TRUE(pool.submit([&] {
            started.set_value();
            release.get_future().wait();
        }));
        started.get_future().wait();
        EXPECT_TRUE(pool.submit([&] { ++done; }));
        EXPECT_TRUE(pool.submit([&] { ++done; }));
        EXPECT_FALSE(pool.submit([&] { ++done; }));
        EXPECT_TRUE(pool.submit_step([&] { ++done; }));
        EXPECT_EQ(pool.queued(), 3U);
        release.set_value();
    }
    EXPECT_EQ(done, 3);
}

}  // namespace
}  // namespace baton::server
