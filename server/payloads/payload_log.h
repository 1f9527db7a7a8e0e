// The latest requests and answers of inference, for those who must see what a model is really asked.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"

namespace baton::server {

struct Payload {
    Timestamp time;
    std::string model;
    std::uint32_t version = 0;
    std::string request_id;  // "" if the client sent none
    int status = 200;        // as HTTP has it
    std::string request;     // the bodies as they were, cut off after PayloadLog::longest_body bytes
    std::string response;
};

// A ring in memory that takes every n-th request and forgets the oldest. Never makes a request wait: what comes while
// somebody else uses the ring is dropped and counted. Thread-safe.
class PayloadLog {
public:
    static constexpr std::size_t longest_body = 64 * 1024;

    // `sample`: the share of requests that is kept, above 0 to 1.
    PayloadLog(std::size_t capacity, double sample);

    bool wants_next();  // ask once a request
    void add(Payload payload);

    // The latest `count` of a model, latest first.
    std::vector<Payload> latest(std::string_view model, std::size_t count) const;
    std::uint64_t dropped() const { return dropped_; }

private:
    const std::size_t capacity_;
    const std::uint64_t every_;
    std::atomic<std::uint64_t> seen_ = 0;
    std::atomic<std::uint64_t> dropped_ = 0;
    mutable std::mutex mutex_;
    std::deque<Payload> ring_;  // guarded by mutex_
};

}  // namespace baton::server
