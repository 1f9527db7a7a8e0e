#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

#include "server/transport/worker_pool.h"

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

// Of which the caller says when it ends.
class Held {
public:
    WorkerPool::Task task() {
        return [this] {
            ++begun;
            ended_.wait();
        };
    }
    void end() { end_.set_value(); }
    std::atomic<int> begun = 0;

private:
    std::promise<void> end_;
    std::shared_future<void> ended_ = end_.get_future().share();
};

bool comes_true(const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    return condition();
}

TEST(WorkerPool, ASlowLaneLeavesThreadsToOthers) {
    const int slow = 0;
    const int quick = 0;
    Held held;
    std::atomic<int> answered = 0;
    {
        WorkerPool pool(4, 100);
        for (int i = 0; i < 20; ++i) ASSERT_TRUE(pool.submit(held.task(), &slow));
        ASSERT_TRUE(comes_true([&] { return held.begun == 2; }));
        for (int i = 0; i < 20; ++i) ASSERT_TRUE(pool.submit([&] { ++answered; }, &quick));
        ASSERT_TRUE(pool.submit([&] { ++answered; }));
        EXPECT_TRUE(comes_true([&] { return answered == 21; }));
        EXPECT_EQ(held.begun, 2);
        EXPECT_EQ(pool.queued(), 18U);
        held.end();
    }
    EXPECT_EQ(held.begun, 20) << "all of it runs in the end";
}

TEST(WorkerPool, ASlowLaneLeavesRoomInTheQueueToOthers) {
    const int slow = 0;
    const int quick = 0;
    Held held;
    WorkerPool pool(1, 4);
    ASSERT_TRUE(pool.submit(held.task(), &slow));
    ASSERT_TRUE(comes_true([&] { return held.begun == 1; }));
    EXPECT_TRUE(pool.submit([] {}, &slow));
    EXPECT_TRUE(pool.submit([] {}, &slow));
    EXPECT_FALSE(pool.submit([] {}, &slow));
    EXPECT_TRUE(pool.submit_step([] {}, &slow)) << "what was begun goes on";
    EXPECT_TRUE(pool.submit([] {}, &quick));
    EXPECT_FALSE(pool.submit([] {}, &quick)) << "the queue is full in all";
    held.end();
}

TEST(WorkerPool, LanesTakeTurns) {
    const int first = 0;
    const int second = 0;
    Held held;
    std::string order;
    {
        WorkerPool pool(1, 100);
        ASSERT_TRUE(pool.submit(held.task()));
        ASSERT_TRUE(comes_true([&] { return held.begun == 1; }));
        for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool.submit([&] { order += 'a'; }, &first));
        for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool.submit([&] { order += 'b'; }, &second));
        held.end();
    }
    EXPECT_EQ(order, "ababab");
}

}  // namespace
}  // namespace baton::server
