// What is live: the feed of the live set, and a model's slots.
#include <algorithm>

#include "base/text.h"
#include "registry/workflow.h"
#include "server/native/json_out.h"
#include "server/native/routes.h"

namespace baton::server::native {
namespace {

constexpr std::int64_t longest_wait_seconds = 60;

struct FeedQuery {
    std::optional<registry::Environment> environment;
    std::optional<std::int64_t> since;
    std::int64_t wait_seconds = 0;
};

Result<std::optional<std::int64_t>> number_parameter(const Request& request, std::string_view name) {
    const auto text = request.query_parameter(name);
    if (!text) return std::optional<std::int64_t>();
    std::string_view digits = *text;
    if (name == "wait" && digits.ends_with('s')) digits.remove_suffix(1);  // `30` and `30s` alike
    const auto value = parse_whole<std::int64_t>(digits);
    if (value && *value >= 0) return value;
    return invalid_argument(std::string(name) + " must be a whole number, not negative.");
}

Result<FeedQuery> feed_query(const Request& request) {
    FeedQuery query;
    if (const auto given = request.query_parameter("environment")) {
        BATON_ASSIGN(registry::Environment environment, registry::Environment::parse(*given));
        query.environment = std::move(environment);
    }
    BATON_ASSIGN(query.since, number_parameter(request, "since"));
    BATON_ASSIGN(const std::optional<std::int64_t> wait, number_parameter(request, "wait"));
    query.wait_seconds = std::min(wait.value_or(0), longest_wait_seconds);
    return query;
}

// Those that the caller may see.
std::vector<inference::DepartingVersion> departing_for(const Api& api, const registry::Caller* caller) {
    std::vector<inference::DepartingVersion> departing = api.live_set().departing();
    if (caller == nullptr) return departing;
    std::erase_if(departing, [&](const inference::DepartingVersion& version) {
        return !caller->sees(registry::ModelName::trusted(version.model));
    });
    return departing;
}

Response feed_now(const Api& api, const Request& request) {
    return api.read_live(
        request, [&](const registry::Snapshot& snapshot, const registry::Caller* caller) -> Result<Response> {
            BATON_ASSIGN(const FeedQuery query, feed_query(request));
            BATON_ASSIGN(const registry::LiveSnapshot live, live_snapshot(snapshot, caller, query.environment));
            // No 304 for it: what serves, and what a caller may see, changes without the revision.
            Response response =
                Response::json(200, to_json(live, api.live_set().statuses(), departing_for(api, caller)));
            response.headers.set("ETag", etag(live.revision));
            response.headers.set("X-Live-Revision", std::to_string(live.revision));
            return response;
        });
}

// Looks once on the pool; with nothing new since `since`, waits for a change without a thread and looks again.
void feed(const Api& api, const std::shared_ptr<Request>& request, Responder responder) {
    const auto pending = std::make_shared<PendingRequest>(PendingRequest{request, std::move(responder)});
    const auto run = [&api, pending] {
        Response now = feed_now(api, *pending->request);
        const auto revision = now.headers.get("X-Live-Revision");
        const Result<FeedQuery> query = feed_query(*pending->request);
        const bool news = !revision || !query.ok() || !query->since || query->wait_seconds == 0 ||
                          std::to_string(*query->since) != *revision;
        if (news) {
            pending->responder(std::move(now));
            return;
        }
        const auto since = static_cast<std::uint64_t>(*query->since);
        const auto look_again = [&api, pending] {
            const auto render = [&api, pending] { pending->responder(feed_now(api, *pending->request)); };
            if (!api.pool().submit_step(render)) api.refuse_busy(*pending);
        };
        api.live_watch().when([&api, since] { return api.live_set().done_since(since + 1); },
                              std::chrono::seconds(query->wait_seconds), look_again);
    };
    api.run_pooled(pending, run);
}

Response slots(const Api& api, const Request& request) {
    return api.read(request,
                    [&](const registry::Snapshot& snapshot, const registry::Caller& caller) -> Result<Response> {
                        BATON_ASSIGN(const registry::ModelName model, model_parameter(request));
                        BATON_ASSIGN(const registry::SlotHistory history, model_slots(snapshot, caller, model));
                        return Response::json(200, to_json(history, api.live_set().statuses()));
                    });
}

}  // namespace

void add_live_routes(Router& router, const Api& api) {
    add_route(router,
              {Method::get, "/api/v1/live", Async{[&api](const std::shared_ptr<Request>& request, Responder responder) {
                   feed(api, request, std::move(responder));
               }}});
    pooled(router, api, Method::get, "/api/v1/models/{model}/slots", slots);
}

}  // namespace baton::server::native
