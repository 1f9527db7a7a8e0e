#include "server/transport/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Route route(Method method, std::string pattern) {
    return {
        .method = method, .pattern = std::move(pattern), .handler = Inline{[](const Request&) { return Response{}; }}};
}

Router router_of(std::initializer_list<std::pair<Method, const char*>> routes) {
    Router router;
    for (const auto& [method, pattern] : routes) router.add(route(method, pattern));
    return router;
}

std::string pattern_for(const Router& router, Method method, std::string_view path) {
    const Router::Match match = router.match(method, path);
    return match.route ? match.route->pattern : std::to_string(match.status);
}

TEST(Router, PrefersLiteralOverTailOverNameOverRest) {
    const Router router = router_of({{Method::get, "/"},
                                     {Method::get, "/v1/models/{model}"},
                                     {Method::post, "/v1/models/{model}:predict"},
                                     {Method::post, "/v1/models/{model}/versions/{version}:predict"},
                                     {Method::get, "/v1/models/special"},
                                     {Method::get, "/v1/{rest...}"},
                                     {Method::get, "/files/{model}/{path...}"},
                                     {Method::get, "/a/{x}/literal"},
                                     {Method::get, "/a/fixed/other"}});
    const std::vector<std::tuple<Method, std::string, std::string>> cases = {
        {Method::get, "/", "/"},
        {Method::get, "/v1/models/iris", "/v1/models/{model}"},
        {Method::get, "/v1/models/special", "/v1/models/special"},
        {Method::post, "/v1/models/iris:predict", "/v1/models/{model}:predict"},
        {Method::post, "/v1/models/iris%3Apredict", "/v1/models/{model}:predict"},
        {Method::post, "/v1/models/iris/versions/3:predict", "/v1/models/{model}/versions/{version}:predict"},
        {Method::get, "/v1/models/iris:predict", "/v1/models/{model}"},  // a name may hold a colon
        {Method::get, "/v1/models/a/b", "/v1/{rest...}"},
        {Method::get, "/v1/models/", "/v1/{rest...}"},  // a name is never empty
        {Method::get, "/v1/", "404"},
        {Method::get, "/v1", "404"},
        {Method::get, "/files/m/a/b/c.onnx", "/files/{model}/{path...}"},
        {Method::get, "/files/m", "404"},
        {Method::get, "/a/fixed/literal", "/a/{x}/literal"},  // goes back from the literal branch
        {Method::get, "/a/fixed/other", "/a/fixed/other"},
        {Method::get, "/a/fixed/none", "404"},
        {Method::get, "/%761/models/special", "/v1/models/special"},
    };
    for (const auto& [method, path, pattern] : cases) EXPECT_EQ(pattern_for(router, method, path), pattern) << path;
}

TEST(Router, DecodesParameters) {
    const Router router = router_of(
        {{Method::get, "/m/{model}/files/{path...}"}, {Method::post, "/m/{model}/versions/{version}:predict"}});
    EXPECT_THAT(router.match(Method::get, "/m/a%20b/files/x/y%2Fz%C3%A9").parameters,
                ElementsAre(Pair("model", "a b"), Pair("path", "x/y/z\u00e9")));
    EXPECT_THAT(router.match(Method::post, "/m/a+b/versions/12:predict").parameters,
                ElementsAre(Pair("model", "a+b"), Pair("version", "12")));
}

TEST(Router, ParametersOfRoutesThatShareAPlaceKeepTheirOwnNames) {
    const Router router = router_of({{Method::get, "/m/{model}"}, {Method::del, "/m/{name}"}});
    EXPECT_THAT(router.match(Method::get, "/m/x").parameters, ElementsAre(Pair("model", "x")));
    EXPECT_THAT(router.match(Method::del, "/m/x").parameters, ElementsAre(Pair("name", "x")));
}

TEST(Router, AnswersHeadByGetUnlessHeadHasARoute) {
    const Router router =
        router_of({{Method::get, "/a"}, {Method::get, "/b"}, {Method::head, "/b"}, {Method::post, "/c"}});
    EXPECT_EQ(router.match(Method::head, "/a").route->method, Method::get);
    EXPECT_EQ(router.match(Method::head, "/b").route->method, Method::head);
    EXPECT_EQ(router.match(Method::head, "/c").status, 405);
}

TEST(Router, TellsWrongMethodFromUnknownPath) {
    const Router router = router_of({{Method::get, "/a/{x}"}, {Method::put, "/a/{x}"}, {Method::post, "/a/b"}});
    const Router::Match wrong = router.match(Method::del, "/a/b");
    EXPECT_EQ(wrong.status, 405);
    EXPECT_EQ(wrong.allowed, "GET, HEAD, POST, PUT");
    EXPECT_EQ(router.match(Method::other, "/a/x").allowed, "GET, HEAD, PUT");
    const Router::Match unknown = router.match(Method::get, "/b");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_THAT(unknown.allowed, IsEmpty());
    EXPECT_EQ(router.match(Method::put, "/a/b").status, 200);  // of the more general pattern
}

TEST(Router, RefusesPathsThatHideSomething) {
    const Router router = router_of({{Method::get, "/{path...}"}});
    for (const auto* path :
         {"/a/../b", "/..",  "/.",   "/a/./b", "/%2e%2e/b", "/a/%2E",  "/a%2f..%2fb", "/a/..\\b",   "/a%5c..", "/a%00",
          "/%0d%0a", "/%7f", "/%zz", "/%4",    "/%",        "/%c0%af", "/%ff",        "/%ed%a0%80", "a",       ""}) {
        EXPECT_EQ(router.match(Method::get, path).status, 400) << path;
    }
    for (const auto* path : {"/...", "/a..b", "/.hidden", "/a/..b", "/%252e%252e", "/%C3%A9"}) {
        EXPECT_EQ(router.match(Method::get, path).status, 200) << path;
    }
}

TEST(Router, ShapesErrorsByTheLongestPrefix) {
    Router router;
    const auto naming = [](std::string name) {
        return [name](const Request&, const Error&, int status) { return Response::text(status, name); };
    };
    router.on_error("/api", naming("api"));
    router.on_error("/api/v1", naming("v1"));
    router.on_error("/v2", naming("v2"));
    const auto body = [&](std::string path) {
        Request request;
        request.path = std::move(path);
        return std::get<std::string>(router.error(request, not_found("nothing here"), 404).body);
    };
    EXPECT_EQ(body("/api/v1/models"), "v1");
    EXPECT_EQ(body("/api/v1"), "v1");
    EXPECT_EQ(body("/api/v12"), "api");
    EXPECT_EQ(body("/v2/health"), "v2");
    EXPECT_EQ(body("/elsewhere"), "nothing here\n");
}

TEST(Router, ListsRoutesInOrderOfAddition) {
    const Router router = router_of({{Method::post, "/b"}, {Method::get, "/a"}});
    ASSERT_EQ(router.routes().size(), 2U);
    EXPECT_EQ(router.routes()[0]->pattern, "/b");
    EXPECT_EQ(router.routes()[1]->pattern, "/a");
}

TEST(RouterDeathTest, AbortsOnProgrammingMistakes) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    for (const auto* pattern : {"a", "/{", "/{}", "/{x", "/{x}{y}", "/a{x}", "/{x...}/b", "/{x...}y", "/{x}/{x}"}) {
        EXPECT_DEATH(router_of({{Method::get, pattern}}), "route") << pattern;
    }
    EXPECT_DEATH(router_of({{Method::get, "/a/{x}"}, {Method::get, "/a/{y}"}}), "is there already");
}

}  // namespace
}  // namespace baton::server
