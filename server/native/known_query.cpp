#include "server/native/known_query.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/joined.h"
#include "server/native/openapi.h"
#include "server/native/problem.h"

namespace baton::server::native {
namespace {

using Names = std::vector<std::string_view>;

std::optional<Response> refusal(const Request& request, const Names& known) {
    const Status status = check_query(request, known);
    if (status.ok()) return std::nullopt;
    return problem(status.error(), request_id_of(request));
}

// One a class of handler.
struct Checked {
    Names known;

    RouteHandler operator()(Inline route) const {
        return Inline{[known = known, inner = std::move(route.handler)](const Request& request) {
            auto refused = refusal(request, known);
            return refused ? *std::move(refused) : inner(request);
        }};
    }
    RouteHandler operator()(Pooled route) const {
        return Pooled{[known = known, inner = std::move(route.handler)](const Request& request) {
                          auto refused = refusal(request, known);
                          return refused ? *std::move(refused) : inner(request);
                      },
                      route.pool};
    }
    RouteHandler operator()(Async route) const {
        return Async{[known = known, inner = std::move(route.handler)](const std::shared_ptr<Request>& request,
                                                                       Responder responder) {
            if (auto refused = refusal(*request, known)) return responder(*std::move(refused));
            inner(request, std::move(responder));
        }};
    }
    RouteHandler operator()(Upload route) const {
        return Upload{[known = known, inner = std::move(route.handler)](
                          const Request& request) -> std::variant<Response, std::unique_ptr<BodySink>> {
            if (auto refused = refusal(request, known)) return *std::move(refused);
            return inner(request);
        }};
    }
};

}  // namespace

Status check_query(const Request& request, std::span<const std::string_view> known) {
    const auto parameters = request.query_parameters();
    if (!parameters) return invalid_argument("the query is malformed: a % must be followed by two hex digits");
    for (const auto& [name, value] : *parameters) {
        if (std::ranges::find(known, name) != known.end()) continue;
        return invalid_argument("there is no query parameter \"" + name + "\" here",
                                known.empty() ? "this path takes none" : "this path takes: " + joined(known));
    }
    return {};
}

Route with_known_query(Route route) {
    auto known = query_parameters(method_name(route.method), route.pattern);
    if (known) route.handler = std::visit(Checked{*std::move(known)}, std::move(route.handler));
    return route;
}

}  // namespace baton::server::native
