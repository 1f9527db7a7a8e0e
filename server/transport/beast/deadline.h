// The one timer of a connection.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "server/transport/beast/asio.h"

namespace baton::server {

// A deadline that may move at every request at the price of a store: the timer runs on to the time it was set for and
// only then looks whether the deadline has moved. Used on one loop only.
class Deadline {
public:
    using Clock = std::chrono::steady_clock;

    explicit Deadline(boost::asio::io_context& io) : timer_(io) {}

    // `expired` is called when a deadline passes, as long as `owner`, which holds this object, lives.
    void start(std::weak_ptr<void> owner, std::function<void()> expired) {
        owner_ = std::move(owner);
        on_expired_ = std::move(expired);
    }
    void set(Clock::time_point due) {
        due_ = due;
        if (due < armed_for_) arm(due);
    }
    void clear() { due_ = Clock::time_point::max(); }
    void stop() {
        clear();
        timer_.cancel();
    }

private:
    void arm(Clock::time_point when) {
        armed_for_ = when;
        timer_.expires_at(when);
        timer_.async_wait([this, owner = owner_](const boost::system::error_code& ec) {
            // The owner first: without it `this` is gone too.
            if (const auto alive = owner.lock(); alive && !ec) fired();
        });
    }
    void fired() {
        armed_for_ = Clock::time_point::max();
        if (due_ == Clock::time_point::max()) return;
        if (Clock::now() < due_) return arm(due_);
        clear();
        on_expired_();
    }

    Timer timer_;
    std::weak_ptr<void> owner_;
    std::function<void()> on_expired_;
    Clock::time_point due_ = Clock::time_point::max();
    Clock::time_point armed_for_ = Clock::time_point::max();
};

}  // namespace baton::server
