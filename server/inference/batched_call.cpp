#include "server/inference/batched_call.h"

#include <exception>
#include <string>

#include "server/log/log.h"

namespace baton::server {
namespace {

// The Responder of a call that broke off answers when it goes.
template <class Step>
void guarded(const Step& step) {
    try {
        step();
    } catch (const std::exception& error) {
        log_failure(std::string("an inference request failed: ") + error.what());
    }
}

}  // namespace

// Half of its time is left for the run and what waits before it.
std::chrono::microseconds BatchedCall::patience() const {
    const std::chrono::microseconds limit = call_.time_limit();
    return limit == limit.zero() ? limit.max() : limit / 2;
}

bool BatchedCall::begin() {
    bool in_time = false;
    guarded([&] {
        call_.waited();
        const Status status = call_.check_time();
        if (!status.ok()) return call_.fail(status.error());
        in_time = true;
    });
    return in_time;
}

void BatchedCall::take(std::vector<inference::Tensor> outputs, std::chrono::nanoseconds engine) {
    guarded([&] { call_.take(std::move(outputs), engine); });
}

void BatchedCall::run_alone() {
    guarded([&] {
        call_.waited();  // for a batch that failed, and for those before it
        call_.run();
    });
}

}  // namespace baton::server
