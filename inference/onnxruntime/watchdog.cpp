#include "inference/onnxruntime/watchdog.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace baton::inference::onnxruntime {
namespace {

// What a place's state says when it is no deadline, which are all above.
constexpr std::int64_t nobody = 0;
constexpr std::int64_t claimed = -1;
constexpr std::int64_t being_stopped = -2;
constexpr std::int64_t stopped = -3;

constexpr Watchdog::Clock::duration least_pause = std::chrono::milliseconds(10);

std::int64_t nanoseconds(Watchdog::Clock::duration duration) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
}

}  // namespace

// Each on a cache line of its own: threads that run models do not slow each other down.
struct alignas(64) Watchdog::Place {
    std::atomic<std::int64_t> state = claimed;  // the deadline while there is work
    Stoppable* work = nullptr;                  // written by who has claimed the place, read by who stops it
    Place* next = nullptr;
};

Watchdog::Watchdog(Clock::duration shortest)
    : shortest_(std::max(shortest, least_pause)), thread_([this](const std::stop_token& stop) { watch(stop); }) {}

Watchdog::~Watchdog() {
    thread_ = {};
    for (Place* place = places_.load(); place != nullptr;) delete std::exchange(place, place->next);
}

Watchdog::Place& Watchdog::claim() {
    for (Place* place = places_.load(std::memory_order_acquire); place != nullptr; place = place->next) {
        std::int64_t expected = nobody;
        if (place->state.load(std::memory_order_relaxed) == nobody &&
            place->state.compare_exchange_strong(expected, claimed, std::memory_order_acquire)) {
            return *place;
        }
    }
    auto* place = new Place;
    place->next = places_.load(std::memory_order_relaxed);
    while (!places_.compare_exchange_weak(place->next, place, std::memory_order_release)) {
    }
    return *place;
}

// When to look again. What begins meanwhile cannot be overdue before that either.
Watchdog::Clock::time_point Watchdog::stop_overdue(std::int64_t now) {
    std::int64_t next = std::numeric_limits<std::int64_t>::max();
    for (Place* place = places_.load(); place != nullptr; place = place->next) {
        std::int64_t deadline = place->state.load();
        if (deadline <= 0) continue;
        if (deadline > now) {
            next = std::min(next, deadline);
        } else if (place->state.compare_exchange_strong(deadline, being_stopped)) {
            place->work->stop();
            place->state.store(stopped, std::memory_order_release);
        }
    }
    return Clock::time_point(std::chrono::nanoseconds(next));
}

void Watchdog::watch(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const auto now = Clock::now();
        const auto next = std::min(stop_overdue(nanoseconds(now.time_since_epoch())), now + shortest_);
        std::unique_lock lock(mutex_);
        wake_.wait_until(lock, stop, next, [] { return false; });
    }
}

// Work that begins at the same time either sees the mark or is seen in the list: both sides write first and then look,
// in the one order that sequentially consistent operations have.
void Watchdog::stop_all() {
    stops_all_ = true;
    stop_overdue(std::numeric_limits<std::int64_t>::max());
}

Watchdog::Watch::Watch(Watchdog& watchdog, Stoppable& work, Clock::duration limit)
    : place_(&watchdog.claim()), deadline_(nanoseconds((Clock::now() + limit).time_since_epoch())) {
    place_->work = &work;
    place_->state.store(deadline_);
    if (watchdog.stops_all_) watchdog.stop_overdue(std::numeric_limits<std::int64_t>::max());
}

bool Watchdog::Watch::end() {
    if (place_ == nullptr) return stopped_;
    std::int64_t expected = deadline_;
    if (!place_->state.compare_exchange_strong(expected, nobody, std::memory_order_acq_rel)) {
        // It is stopped just now, or was: not before that is over may the work go.
        while (place_->state.load(std::memory_order_acquire) != stopped) std::this_thread::yield();
        place_->state.store(nobody, std::memory_order_release);
        stopped_ = true;
    }
    place_ = nullptr;
    return stopped_;
}

}  // namespace baton::inference::onnxruntime
