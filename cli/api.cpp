#include "cli/api.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <random>

#include "base/encoding.h"
#include "cli/problem.h"

namespace baton::cli {
namespace {

using server::ClientResponse;
using server::Headers;
using server::Method;

std::string join(std::string path, std::initializer_list<std::string_view> segments, const Query& query) {
    for (const std::string_view segment : segments) path.append("/").append(percent_encode(segment, "@:"));
    char separator = '?';
    for (const auto& [name, value] : query) {
        if (value.empty()) continue;
        path.append(1, separator).append(name).append("=").append(percent_encode(value));
        separator = '&';
    }
    return path;
}

Result<Json> document_of(const ClientResponse& response) {
    if (response.body.empty()) return Json();
    auto document = parse_json(response.body, "the server's answer");
    if (document.ok()) return document;
    return Error{.code = Code::unavailable,
                 .message = "what answered is no Baton server: its answer is no JSON document",
                 .hint = "check the URL (baton whoami shows it)"};
}

Result<ClientResponse> accepted(Result<ClientResponse> answer) {
    if (answer.ok() && answer->status >= 400) return problem(*answer);
    return answer;
}

}  // namespace

std::string api_path(std::initializer_list<std::string_view> segments, const Query& query) {
    return join("/api/v1", segments, query);
}

std::string plain_path(std::initializer_list<std::string_view> segments, const Query& query) {
    return join("", segments, query);
}

std::string filter_literal(std::string_view value) {
    std::string out = "'";
    for (const char c : value) out.append(c == '\'' ? 2 : 1, c);
    return out + "'";
}

std::string idempotency_key() {
    std::random_device random;  // the operating system's source
    std::array<std::uint8_t, 16> bytes{};
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return encode_hex(bytes);
}

Result<ClientResponse> Api::exchange(Method method, const std::string& target, const Headers& headers,
                                     const std::string& body) {
    auto answer = client_->send(method, target, headers, body);
    if (!answer.ok()) answer = client_->send(method, target, headers, body);  // an idle connection may have been closed
    return accepted(std::move(answer));
}

Result<Json> Api::get(const std::string& target) {
    BATON_ASSIGN(const ClientResponse response, exchange(Method::get, target, {}));
    return document_of(response);
}

Result<Json> Api::change(Method method, const std::string& target, const Json& body) {
    Headers headers;
    headers.add("Content-Type", "application/json");
    headers.add("Idempotency-Key", idempotency_key());
    BATON_ASSIGN(const std::string content, dump_strictly(body));
    BATON_ASSIGN(const ClientResponse response, exchange(method, target, headers, content));
    return document_of(response);
}

Result<Json> Api::post(const std::string& target, const Json& body) { return change(Method::post, target, body); }

Result<Json> Api::put(const std::string& target, const Json& body) { return change(Method::put, target, body); }

Result<Json> Api::patch(const std::string& target, const Json& body) { return change(Method::patch, target, body); }

Result<Json> Api::post_once(const std::string& target, const Json& body) {
    Headers headers;
    headers.add("Content-Type", "application/json");
    BATON_ASSIGN(const std::string content, dump_strictly(body));
    BATON_ASSIGN(const ClientResponse response, accepted(client_->send(Method::post, target, headers, content)));
    return document_of(response);
}

Status Api::remove(const std::string& target) {
    Headers headers;
    headers.add("Idempotency-Key", idempotency_key());
    BATON_TRY(exchange(Method::del, target, headers));
    return {};
}

Result<Json> Api::list(std::initializer_list<std::string_view> segments, Query query, std::size_t limit) {
    Json items = Json::array();
    std::string token;
    constexpr std::size_t largest_page = 1000;
    query.emplace_back("page_size", std::to_string(limit == 0 ? largest_page : std::min(limit, largest_page)));
    query.emplace_back("page_token", "");
    do {
        query.back().second = token;
        BATON_ASSIGN(const Json page, get(api_path(segments, query)));
        for (const Json& item : member(page, "items")) {
            items.push_back(item);
            if (items.size() == limit) return items;
        }
        token = text(page, "next_page_token");
    } while (!token.empty());
    return items;
}

}  // namespace baton::cli
