// What decoding a request may cost in memory.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <utility>

#include "base/result.h"
#include "server/transport/memory_budget.h"

namespace baton::server {

// The memory of one request beyond its body: what is inflated, and the tensors. Counted before it is allocated, given
// back at destruction. The first bytes are free, so that small requests touch no shared counter. Not thread-safe.
class RequestMemory {
public:
    static constexpr std::size_t free_bytes = 64 * 1024;

    RequestMemory() = default;  // counts nothing
    explicit RequestMemory(MemoryBudget& budget) : budget_(&budget) {}
    RequestMemory(RequestMemory&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)),
          taken_(std::exchange(other.taken_, 0)),
          counted_(std::exchange(other.counted_, 0)) {}
    RequestMemory& operator=(RequestMemory&&) = delete;
    ~RequestMemory() {
        if (counted_ > 0) budget_->give_back(counted_);
    }

    // too_large for more than all requests together may have; resource_exhausted when others have it.
    Status take(std::size_t bytes) {
        taken_ += bytes;
        return budget_ == nullptr || taken_ <= free_bytes ? Status() : count();
    }

private:
    Status count() {
        const std::size_t more = taken_ - counted_;
        if (taken_ > budget_->limit()) {
            return Error{.code = Code::too_large,
                         .message = "the request takes too much memory",
                         .hint = "send fewer rows at a time, or send them in binary form"};
        }
        if (!budget_->take(more)) {
            return Error{.code = Code::resource_exhausted,
                         .message = "the requests that are being answered take all the memory there is for them",
                         .hint = "try again shortly"};
        }
        counted_ = taken_;
        return {};
    }

    MemoryBudget* budget_ = nullptr;
    std::size_t taken_ = 0;
    std::size_t counted_ = 0;  // of those, in the budget
};

// The bounds within which a codec decodes. Without a memory nothing is counted.
struct DecodeLimits {
    RequestMemory* memory = nullptr;
    std::size_t max_rows = std::numeric_limits<std::size_t>::max();

    Status take(std::size_t bytes) const { return memory == nullptr ? Status() : memory->take(bytes); }
    Status check_rows(std::size_t rows) const {
        if (rows <= max_rows) return {};
        return invalid_argument("the request has " + std::to_string(rows) + " rows",
                                "send at most " + std::to_string(max_rows));
    }
};

}  // namespace baton::server
