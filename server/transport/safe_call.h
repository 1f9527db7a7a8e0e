// The last line of defence around handlers.
#pragma once

#include <exception>
#include <type_traits>

#include "base/result.h"

namespace baton::server {

template <class T>
struct IsResult : std::false_type {};
template <class T>
struct IsResult<Result<T>> : std::true_type {};

// What `call` returns, or an internal error when it throws: a bug in one handler must not end the server.
template <class Call, class Returned = std::invoke_result_t<Call>,
          class Outcome = std::conditional_t<IsResult<Returned>::value, Returned, Result<Returned>>>
Outcome call_safely(Call&& call) {
    try {
        return call();
    } catch (const std::exception& error) {
        return internal_error(std::string("the handler failed: ") + error.what());
    }
}

}  // namespace baton::server
