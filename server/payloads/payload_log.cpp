#include "server/payloads/payload_log.h"

#include <algorithm>
#include <cmath>

namespace baton::server {

PayloadLog::PayloadLog(std::size_t capacity, double sample)
    : capacity_(capacity), every_(static_cast<std::uint64_t>(std::max(1.0, std::round(1.0 / sample)))) {}

bool PayloadLog::wants_next() { return seen_.fetch_add(1, std::memory_order_relaxed) % every_ == 0; }

void PayloadLog::add(Payload payload) {
    for (std::string* body : {&payload.request, &payload.response}) {
        // A copy: what is cut off must not stay in memory behind the end.
        if (body->capacity() > longest_body) *body = std::string(*body, 0, longest_body);
    }
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    if (ring_.size() == capacity_) ring_.pop_front();
    ring_.push_back(std::move(payload));
}

std::vector<Payload> PayloadLog::latest(std::string_view model, std::size_t count) const {
    std::vector<Payload> found;
    const std::lock_guard lock(mutex_);
    for (auto payload = ring_.rbegin(); payload != ring_.rend() && found.size() < count; ++payload) {
        if (payload->model == model) found.push_back(*payload);
    }
    return found;
}

}  // namespace baton::server
