#include <gtest/gtest.h>

#include <atomic>
#include <future>

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
