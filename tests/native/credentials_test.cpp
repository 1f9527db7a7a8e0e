#include "server/auth/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::server {
namespace {

Request with(std::initializer_list<const char*> credentials) {
    Request request;
    for (const char* value : credentials) request.headers.add("Authorization", value);
    return request;
}

TEST(RequestToken, IsABearerTokenOrThePasswordOfBasicCredentials) {
    EXPECT_EQ(*request_token(with({"Bearer secret"})), "secret");
    EXPECT_EQ(*request_token(with({"bearer   secret"})), "secret");
    EXPECT_EQ(*request_token(with({"Basic YW5uYTpzZWNyZXQ="})), "secret");
}

// Of two, a proxy in front may have looked at the other one.
TEST(RequestToken, IsOneOfOneAlone) {
    for (const Request& request : {with({}), with({"Bearer"}), with({"Digest x"}), with({"Bearer a", "Bearer a"})}) {
        const auto token = request_token(request);
        ASSERT_FALSE(token.ok());
        EXPECT_EQ(token.error().code, Code::unauthenticated);
    }
}

}  // namespace
}  // namespace baton::server
