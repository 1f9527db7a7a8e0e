// Verbs against a fake server that knows one open promotion request.
#pragma once

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>

#include "cli/json.h"
#include "tests/cli/command.h"
#include "tests/cli/fake_server.h"

namespace baton::cli {

inline constexpr const char* request_seven =
    R"({"id":7,"model":"risk","version":3,"digest":"sha256:aa","environment":"production","state":"open",
        "requester":"dana","approvals":[],"comments":[],"evaluation":{"satisfied":false,"requirements":[
        {"requirement":"approvals","satisfied":false,"explanation":"0 of 1 approvals"}]}})";
inline constexpr const char* slot = R"({"model":"risk","environment":"production","version":3,"serving":"ready"})";

class VerbTest : public CommandTest {
protected:
    VerbTest() {
        environment["BATON_URL"] = server.url();
        environment["BATON_TOKEN"] = "secret";
        server.on("GET /api/v1/requests/7", request_seven);
        server.on("GET /api/v1/requests", R"({"items":[)" + std::string(request_seven) + "]}");
        server.on("POST /api/v1/requests/7/approvals", request_seven, 201);
        server.on("POST /api/v1/requests/7/rejection", request_seven);
        server.on("POST /api/v1/requests/7/withdrawal", request_seven);
        server.on("POST /api/v1/requests/7/comments", request_seven, 201);
        server.on("POST /api/v1/requests/7/promotion", slot);
    }
    Json sent(const std::string& route) const { return Json::parse(server.requests(route).at(0).body); }

    FakeServer server;
};

}  // namespace baton::cli
