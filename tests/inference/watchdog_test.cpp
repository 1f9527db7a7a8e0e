#include "inference/onnxruntime/watchdog.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace baton::inference::onnxruntime {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// Counts how often it is stopped.
class Work final : public Stoppable {
public:
    void stop() noexcept override {
        ++stops_;
        stops_.notify_all();
    }
    void wait_for_stop() const { stops_.wait(0); }
    int stops() const { return stops_; }

private:
    std::atomic<int> stops_ = 0;
};

TEST(Watchdog, LeavesAloneWhatEndsInTime) {
    Watchdog watchdog(milliseconds(1));
    Work work;
    Watchdog::Watch watch(watchdog, work, hours(1));
    EXPECT_FALSE(watch.end());
    EXPECT_FALSE(watch.end()) << "asked again";
    EXPECT_EQ(work.stops(), 0);
}

TEST(Watchdog, StopsWhatIsOverdueOnce) {
    Watchdog watchdog(milliseconds(1));
    Work late;
    Work early;
    Watchdog::Watch patient(watchdog, early, hours(1));
    Watchdog::Watch watch(watchdog, late, milliseconds(0));
    late.wait_for_stop();
    EXPECT_TRUE(watch.end());
    EXPECT_TRUE(watch.end()) << "asked again";
    EXPECT_EQ(late.stops(), 1);
    EXPECT_FALSE(patient.end());
}

TEST(Watchdog, APlaceIsUsedAgain) {
    Watchdog watchdog(milliseconds(1));
    for (int round = 0; round < 3; ++round) {
        Work late;
        {
            const Watchdog::Watch watch(watchdog, late, milliseconds(0));
            late.wait_for_stop();
        }
        Work early;
        Watchdog::Watch watch(watchdog, early, hours(1));
        EXPECT_FALSE(watch.end()) << "what was here before it is not its fault";
    }
}

TEST(Watchdog, StopsEverythingAtTheEnd) {
    Watchdog watchdog(hours(1));
    Work running;
    Watchdog::Watch watch(watchdog, running, hours(1));
    EXPECT_FALSE(watchdog.stops_all());
    watchdog.stop_all();
    EXPECT_TRUE(watchdog.stops_all());
    EXPECT_EQ(running.stops(), 1);
    EXPECT_TRUE(watch.end());

    Work later;
    Watchdog::Watch next(watchdog, later, hours(1));
    EXPECT_EQ(later.stops(), 1);
    EXPECT_TRUE(next.end());
}

TEST(Watchdog, StopsNobodyElseWhereManyComeAndGo) {
    Watchdog watchdog(milliseconds(1));
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&watchdog, t] {
            for (int round = 0; round < 5000; ++round) {
                const bool is_late = (round + t) % 500 == 0;
                Work work;
                Watchdog::Watch watch(watchdog, work, is_late ? milliseconds(0) : milliseconds(hours(1)));
                if (is_late) work.wait_for_stop();
                EXPECT_EQ(watch.end(), is_late);
                EXPECT_EQ(work.stops(), is_late ? 1 : 0);
            }
        });
    }
}

}  // namespace
}  // namespace baton::inference::onnxruntime
