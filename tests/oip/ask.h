// Puts a request to the handlers behind a router, without sockets.
#pragma once

#include <future>
#include <string>

#include "server/transport/router.h"

namespace baton::testing_support {

// Waits for the answer, wherever it is made.
inline server::Response ask(const server::Router& router, server::Method method, std::string target,
                            std::string body = {}, server::Headers headers = {}) {
    const auto shared = std::make_shared<server::Request>();
    server::Request& request = *shared;
    request.method = method;
    request.path = target.substr(0, target.find('?'));
    request.target = std::move(target);
    request.headers = std::move(headers);
    request.body = std::move(body);
    const auto match = router.match(method, request.path);
    if (match.route == nullptr) {
        return router.error(request, {.code = Code::invalid_argument, .message = "no route"}, match.status);
    }
    request.parameters = match.parameters;
    if (const auto* quick = std::get_if<server::Inline>(&match.route->handler)) return quick->handler(request);
    if (const auto* pooled = std::get_if<server::Pooled>(&match.route->handler)) return pooled->handler(request);
    std::promise<server::Response> promise;
    const auto& handler = std::get<server::Async>(match.route->handler).handler;
    handler(shared, server::Responder([&](server::Response response) { promise.set_value(std::move(response)); }));
    return promise.get_future().get();
}

inline std::string body_of(const server::Response& response) { return std::get<std::string>(response.body); }
inline std::string header_of(const server::Response& response, std::string_view name) {
    return std::string(response.headers.get(name).value_or("(none)"));
}

}  // namespace baton::testing_support
