#include "server/transport/http.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace baton::server {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TEST(Headers, CompareNamesWithoutRegardToCase) {
    Headers headers;
    headers.add("Accept", "a");
    headers.add("accept", "b");
    EXPECT_THAT(headers.get("ACCEPT"), Optional(Eq("a")));
    EXPECT_EQ(headers.count("aCCept"), 2U);
    headers.set("ACCEPT", "c");
    EXPECT_EQ(headers.count("accept"), 1U);
    EXPECT_THAT(headers.get("accept"), Optional(Eq("c")));
    EXPECT_FALSE(headers.contains("accep"));
}

TEST(Request, DecodesQueryParameters) {
    Request request;
    request.query = "a=1&b=x%20y+z&empty=&flag&c%3D=d&bad=%zz&a=2&=nameless";
    EXPECT_THAT(request.query_parameter("a"), Optional(Eq("1")));
    EXPECT_THAT(request.query_parameter("b"), Optional(Eq("x y z")));
    EXPECT_THAT(request.query_parameter("empty"), Optional(Eq("")));
    EXPECT_THAT(request.query_parameter("flag"), Optional(Eq("")));
    EXPECT_THAT(request.query_parameter("c="), Optional(Eq("d")));
    EXPECT_EQ(request.query_parameter("bad"), std::nullopt);
    EXPECT_EQ(request.query_parameter("absent"), std::nullopt);
}

TEST(Responder, AnswersOnceAndFiveHundredWhenDropped) {
    std::vector<int> statuses;
    const auto note = [&](const Response& response) { statuses.push_back(response.status); };
    { Responder dropped(note); }
    {
        Responder used(note);
        Responder moved(std::move(used));
        moved(Response::text(204, ""));
    }
    {
        Responder kept(note);
        kept = Responder(note);  // the one that is replaced was dropped
        kept(Response::text(201, ""));
    }
    EXPECT_EQ(statuses, (std::vector{500, 204, 500, 201}));
}

TEST(FileBody, ClosesItsDescriptorOnce) {
    const int descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(descriptor, 0);
    {
        FileBody body(descriptor, 1, 2);
        FileBody moved(std::move(body));
        EXPECT_EQ(moved.descriptor(), descriptor);
        EXPECT_GE(::fcntl(descriptor, F_GETFD), 0);
    }
    EXPECT_LT(::fcntl(descriptor, F_GETFD), 0);
}

}  // namespace
}  // namespace baton::server
