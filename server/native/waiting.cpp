#include "server/native/waiting.h"

#include <chrono>
#include <utility>

namespace baton::server::native {
namespace {

constexpr std::chrono::seconds ready_wait{60};

void change_and_wait(const Api& api, Handler change, Refresh refresh, const std::shared_ptr<Request>& request,
                     Responder responder) {
    const auto pending = std::make_shared<PendingRequest>(PendingRequest{request, std::move(responder)});
    const auto run = [&api, change, refresh, pending] {
        Response response = change(api, *pending->request);
        const auto revision = response.headers.get(live_revision_header);
        if (!revision || pending->request->query_parameter("wait") != "ready") {
            pending->responder(std::move(response));
            return;
        }
        const std::uint64_t wanted = std::stoull(std::string(*revision));
        auto answer = std::make_shared<Response>(std::move(response));
        const auto finish = [&api, refresh, pending, answer] {
            const auto render = [&api, refresh, pending, answer] {
                pending->responder(refresh(api, *pending->request, std::move(*answer)));
            };
            // A pool that stops must not lose the answer of a change that was made.
            if (!api.pool().submit_step(render)) pending->responder(std::move(*answer));
        };
        api.live_watch().when([&api, wanted] { return api.live_set().done(wanted); }, ready_wait, finish);
    };
    api.run_pooled(pending, run);
}

}  // namespace

void waiting(Router& router, const Api& api, Method method, std::string pattern, Handler change, Refresh refresh) {
    add_route(router, {method, std::move(pattern),
                       Async{[&api, change, refresh](const std::shared_ptr<Request>& request, Responder responder) {
                           change_and_wait(api, change, refresh, request, std::move(responder));
                       }}});
}

}  // namespace baton::server::native
