// The HTTP client of the whole project (command line, tests): a thin face on cpp-httplib.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "server/transport/http.h"

namespace baton::server {

struct ClientOptions {
    std::string url;    // http://host:port or https://host:port, without a path
    std::string token;  // sent as a bearer token when not empty
    std::string no_answer_hint = "check the address and that the server is running";
    int connect_seconds = 5;
    int read_seconds = 60;
};

struct ClientResponse {
    int status = 0;
    Headers headers;
    std::string body;
};

// Not thread-safe; keeps one connection alive. An Error (unavailable) means no answer came; any HTTP status is a value.
class HttpClient {
public:
    static Result<std::unique_ptr<HttpClient>> create(const ClientOptions& options);  // invalid_argument for a bad URL
    virtual ~HttpClient() = default;

    virtual Result<ClientResponse> send(Method method, const std::string& target, const Headers& headers,
                                        std::string body = {}) = 0;
    // Streams `length` bytes that `read` fills in (returns how many, 0 = failed) as the body.
    virtual Result<ClientResponse> upload(Method method, const std::string& target, const Headers& headers,
                                          std::uint64_t length,
                                          const std::function<std::size_t(std::span<char>)>& read) = 0;
    // Streams a GET's body of a 200 or 206 into `write` (false stops), from its byte `first` on; other bodies are in
    // the answer.
    virtual Result<ClientResponse> download(const std::string& target, const Headers& headers, std::uint64_t first,
                                            const std::function<bool(std::span<const char>)>& write) = 0;
};

}  // namespace baton::server
