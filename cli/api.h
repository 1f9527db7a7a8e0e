// Typed helpers over the HTTP client: documents in, documents or Errors out.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/json.h"
#include "server/transport/client.h"

namespace baton::cli {

using Query = std::vector<std::pair<std::string, std::string>>;  // pairs with an empty value are left out

// /api/v1/a/b?x=y, every part percent-encoded.
std::string api_path(std::initializer_list<std::string_view> segments, const Query& query = {});
// The same without the base path; `segments` holds all.
std::string plain_path(std::initializer_list<std::string_view> segments, const Query& query = {});

// 'value' as a string literal of the filter language.
std::string filter_literal(std::string_view value);

// A fresh key for one mutation; random.
std::string idempotency_key();

// Not thread-safe. Every mutation but post_once carries an Idempotency-Key of its own, so that one to which no answer
// came is sent once more.
class Api {
public:
    explicit Api(std::unique_ptr<server::HttpClient> client) : client_(std::move(client)) {}

    Result<Json> get(const std::string& target);
    Result<Json> post(const std::string& target, const Json& body);
    Result<Json> put(const std::string& target, const Json& body);
    Result<Json> patch(const std::string& target, const Json& body);
    // For answers that hold a secret: the server does not keep them, so a second attempt would do the work twice.
    Result<Json> post_once(const std::string& target, const Json& body);
    Status remove(const std::string& target);
    // The items of all pages as one array; at most `limit` of them unless it is 0.
    Result<Json> list(std::initializer_list<std::string_view> segments, Query query, std::size_t limit = 0);

    // Any answer below 400 is a value; others become Errors.
    Result<server::ClientResponse> exchange(server::Method method, const std::string& target,
                                            const server::Headers& headers, const std::string& body = {});
    server::HttpClient& client() { return *client_; }

private:
    Result<Json> change(server::Method method, const std::string& target, const Json& body);

    std::unique_ptr<server::HttpClient> client_;
};

}  // namespace baton::cli
