#include "server/native/known_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace baton::server::native {
namespace {

using testing::HasSubstr;

Request asking(std::string query) {
    Request request;
    request.query = std::move(query);
    return request;
}

TEST(KnownQuery, NamesWhatIsUnknownAndWhatIsKnown) {
    constexpr std::array<std::string_view, 2> known = {"filter", "page_size"};
    for (const char* query :
         {"", "filter=a", "page_size=1&filter=stage%20%3D%20'live'", "&&filter=", "page%5Fsize=1"}) {
        EXPECT_TRUE(check_query(asking(query), known).ok()) << query;
    }
    const Status misspelt = check_query(asking("filter=a&pagesize=1"), known);
    ASSERT_FALSE(misspelt.ok());
    EXPECT_EQ(misspelt.error().code, Code::invalid_argument);
    EXPECT_THAT(misspelt.error().message, HasSubstr("\"pagesize\""));
    EXPECT_THAT(misspelt.error().hint, HasSubstr("filter, page_size"));
    EXPECT_THAT(check_query(asking("x"), {}).error().hint, HasSubstr("takes none"));
    EXPECT_THAT(check_query(asking("filter=%zz"), known).error().message, HasSubstr("malformed"));
}

TEST(KnownQuery, EveryClassOfHandlerIsGuarded) {
    const auto asked = [](Method method, std::string pattern, RouteHandler handler, std::string query) {
        const Route route = with_known_query({method, std::move(pattern), std::move(handler)});
        const auto request = std::make_shared<Request>(asking(std::move(query)));
        if (const auto* inline_route = std::get_if<Inline>(&route.handler))
            return inline_route->handler(*request).status;
        if (const auto* pooled = std::get_if<Pooled>(&route.handler)) return pooled->handler(*request).status;
        if (const auto* upload = std::get_if<Upload>(&route.handler)) {
            const auto answer = upload->handler(*request);
            return std::get<Response>(answer).status;
        }
        int status = 0;
        std::get<Async>(route.handler).handler(request, Responder([&](const Response& r) { status = r.status; }));
        return status;
    };
    const auto fine = [](const Request&) { return Response::json(200, "{}"); };
    const Async async{[&](const std::shared_ptr<Request>& r, Responder respond) { respond(fine(*r)); }};
    const Upload upload{[&](const Request& r) -> std::variant<Response, std::unique_ptr<BodySink>> { return fine(r); }};
    EXPECT_EQ(asked(Method::get, "/api/v1/requests", Pooled{fine}, "filter=state%20%3D%20'open'"), 200);
    EXPECT_EQ(asked(Method::get, "/api/v1/requests", Pooled{fine}, "state=open"), 400);
    EXPECT_EQ(asked(Method::get, "/api/v1/version", Inline{fine}, "x=1"), 400);
    EXPECT_EQ(asked(Method::get, "/api/v1/live", async, "since=1&wait=30"), 200);
    EXPECT_EQ(asked(Method::get, "/api/v1/live", async, "sinse=1"), 400);
    EXPECT_EQ(asked(Method::put, "/api/v1/blobs/{digest}", upload, "x=1"), 400);
    EXPECT_EQ(asked(Method::get, "/api/v1/models/{model}/live/files/{path...}", Pooled{fine}, "env=x"), 400);
    EXPECT_EQ(asked(Method::get, "/elsewhere", Inline{fine}, "x=1"), 200) << "not of this API";
}

}  // namespace
}  // namespace baton::server::native
