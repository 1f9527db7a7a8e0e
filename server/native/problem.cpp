#include "server/native/problem.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <random>

#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "base/error_codes.h"
#include "server/log/log.h"

namespace baton::server::native {
namespace {

using nlohmann::json;

std::string title_of(Code code) {
    std::string title(code_name(code));
    std::replace(title.begin(), title.end(), '_', ' ');
    title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
    return title;
}

json body_of(const Error& error, std::string_view request_id, int status) {
    const bool is_bug = error.code == Code::internal;  // says nothing of the inside; the log has the message
    json body = {{"type", "about:blank"},
                 {"title", title_of(error.code)},
                 {"status", status},
                 {"code", code_name(error.code)},
                 {"detail", is_bug ? "Something went wrong inside Baton; the server's log has it under this request id."
                                   : error.message},
                 {"request_id", request_id}};
    if (!error.hint.empty()) body["hint"] = error.hint;
    for (const FieldError& field : error.fields) {
        body["errors"].push_back({{"field", field.field}, {"message", field.message}});
    }
    for (const Missing& missing : error.missing) {
        body["missing"].push_back({{"requirement", missing.requirement}, {"explanation", missing.explanation}});
    }
    if (!error.digests.empty()) body["digests"] = error.digests;
    return body;
}

}  // namespace

Response problem(const Error& error, std::string_view request_id, int status) {
    if (status == 0) status = http_status(error.code);
    if (error.code == Code::internal) log_failure(error.message, request_id);
    const json body = body_of(error, request_id, status);
    Response response =
        Response::text(status, body.dump(-1, ' ', false, json::error_handler_t::replace), "application/problem+json");
    response.headers.set("X-Request-Id", std::string(request_id));
    if (status == 401) response.headers.set("WWW-Authenticate", "Bearer realm=\"baton\"");
    if (status == 429 || status == 503) response.headers.set("Retry-After", "1");
    return response;
}

std::string request_id_of(const Request& request) {
    if (const auto given = request.id()) return std::string(*given);
    thread_local std::mt19937_64 random{std::random_device{}()};
    std::array<std::uint8_t, 12> bytes{};
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return encode_hex(bytes);
}

}  // namespace baton::server::native
