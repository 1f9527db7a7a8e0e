#include "server/transport/client.h"

#include <httplib.h>

#include <algorithm>
#include <array>

namespace baton::server {
namespace {

constexpr std::size_t upload_piece = 64 * 1024;
constexpr int write_seconds = 60;
constexpr int not_modified = 304;

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_acceptable_url(std::string_view url) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!url.starts_with(scheme)) continue;
        const std::string_view authority = url.substr(scheme.size());
        const std::size_t brackets = authority.rfind(']');  // the colons of an IPv6 address are inside
        const std::size_t colon = authority.find(':', brackets == std::string_view::npos ? 0 : brackets);
        const bool port_is_fine = colon == std::string_view::npos || is_port(authority.substr(colon + 1));
        return port_is_fine && colon != 0 && !authority.empty() &&
               authority.find_first_of("/?#@ ") == std::string_view::npos;
    }
    return false;
}

ClientResponse convert(httplib::Response&& response) {
    ClientResponse converted{.status = response.status, .headers = {}, .body = std::move(response.body)};
    for (const auto& [name, value] : response.headers) converted.headers.add(name, value);
    return converted;
}

std::string what_happened(httplib::Error error) {
    switch (error) {
        case httplib::Error::Connection:
            return "nobody listens there, or the way to it is barred";
        case httplib::Error::ConnectionTimeout:
            return "it did not take the connection in time";
        case httplib::Error::Read:
            return "the connection broke, or took too long, before the answer was there";
        case httplib::Error::Write:
            return "the connection broke while the request was sent";
        case httplib::Error::SSLConnection:
            return "no TLS connection came about; a server without TLS is reached by http://";
        case httplib::Error::SSLServerVerification:
            return "its certificate is not one that this machine trusts";
        default:
            return httplib::to_string(error);
    }
}

class HttplibClient final : public HttpClient {
public:
    explicit HttplibClient(const ClientOptions& options)
        : url_(options.url), token_(options.token), no_answer_hint_(options.no_answer_hint), client_(options.url) {
        client_.set_keep_alive(true);
        client_.set_tcp_nodelay(true);
        client_.set_url_encode(false);  // targets are encoded by those who build them
        client_.set_follow_location(false);
        client_.set_connection_timeout(options.connect_seconds);
        client_.set_read_timeout(options.read_seconds);
        client_.set_write_timeout(write_seconds);
    }

    bool is_valid() const { return client_.is_valid(); }

    Result<ClientResponse> send(Method method, const std::string& target, const Headers& headers,
                                std::string body) override {
        httplib::Request request = request_of(method, target, headers);
        request.body = std::move(body);
        return perform(request);
    }

    Result<ClientResponse> upload(Method method, const std::string& target, const Headers& headers,
                                  std::uint64_t length,
                                  const std::function<std::size_t(std::span<char>)>& read) override {
        httplib::Request request = request_of(method, target, headers);
        request.content_length_ = static_cast<std::size_t>(length);
        request.content_provider_ = [&read, buffer = std::vector<char>(upload_piece)](std::size_t, std::size_t left,
                                                                                      httplib::DataSink& sink) mutable {
            const std::size_t count = read(std::span(buffer).first(std::min(left, buffer.size())));
            return count > 0 && sink.write(buffer.data(), count);
        };
        return perform(request);
    }

    Result<ClientResponse> download(const std::string& target, const Headers& headers, std::uint64_t first,
                                    const std::function<bool(std::span<const char>)>& write) override {
        httplib::Request request = request_of(Method::get, target, headers);
        if (first > 0) request.headers.emplace("Range", "bytes=" + std::to_string(first) + "-");
        bool wanted = false;
        std::uint64_t skipped = first;
        std::string other_body;
        request.response_handler = [&](const httplib::Response& response) {
            wanted = response.status == 200 || response.status == 206;
            if (response.status == 200) skipped = 0;  // a server or proxy that knows no ranges sends all of it
            return response.status != not_modified;
        };
        request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
            if (wanted) {
                const auto known = static_cast<std::size_t>(std::min<std::uint64_t>(size, first - skipped));
                skipped += known;
                return known == size || write({data + known, size - known});
            }
            other_body.append(data, size);
            return true;
        };
        BATON_ASSIGN(ClientResponse response, perform(request));
        if (!wanted) response.body = std::move(other_body);
        return response;
    }

private:
    httplib::Request request_of(Method method, const std::string& target, const Headers& headers) const {
        httplib::Request request;
        request.method = method_name(method);
        request.path = target;
        for (const auto& [name, value] : headers) request.headers.emplace(std::string(name), std::string(value));
        if (!token_.empty()) request.headers.emplace("Authorization", "Bearer " + token_);
        return request;
    }

    // A 304 ends with its head, but the library would read a body until the server closes the connection. It is stopped
    // there, and closes the connection itself.
    Result<ClientResponse> perform(httplib::Request& request) {
        if (!request.response_handler) {
            request.response_handler = [](const httplib::Response& response) {
                return response.status != not_modified;
            };
        }
        httplib::Response response;
        httplib::Error error = httplib::Error::Success;
        const bool whole = client_.send(request, response, error);
        if (whole || response.status == not_modified) return convert(std::move(response));
        return Error{.code = Code::unavailable,
                     .message = "no answer from " + url_ + ": " + what_happened(error),
                     .hint = no_answer_hint_};
    }

    const std::string url_;
    const std::string token_;
    const std::string no_answer_hint_;
    httplib::Client client_;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> HttpClient::create(const ClientOptions& options) {
    const Error bad_url = invalid_argument("'" + options.url + "' is not the address of a server",
                                           "give it as http://host:port or https://host:port");
    if (!is_acceptable_url(options.url)) return bad_url;
    auto client = std::make_unique<HttplibClient>(options);
    if (!client->is_valid()) return bad_url;
    return std::unique_ptr<HttpClient>(std::move(client));
}

}  // namespace baton::server
