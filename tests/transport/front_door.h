// The front door under test, and the requests most tests send.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>

#include "tests/transport/raw_client.h"
#include "tests/transport/test_server.h"

namespace baton::server {

inline std::string get(const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"; }
inline std::string post(const std::string& target, const std::string& body) {
    return "POST " + target + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
}

class FrontDoor : public testing::Test {
protected:
    void start(const std::function<void(TransportOptions&)>& change = {}, std::size_t workers = 2,
               std::size_t queue = 8) {
        TransportOptions options{.limits = short_limits()};
        if (change) change(options);
        server_.emplace(TestServer::Kind::beast, options, workers, queue);
    }
    TestServer& server() {
        if (!server_) start();
        return *server_;
    }
    int status_of(const std::string& request) {
        RawClient client(server().port());
        client.send(request);
        const auto response = client.receive();
        return response ? response->status : 0;
    }

    std::optional<TestServer> server_;
};

}  // namespace baton::server
