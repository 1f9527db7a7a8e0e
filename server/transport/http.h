// The HTTP vocabulary of the server: what every handler sees, whatever library owns the sockets.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace baton::server {

enum class Method { get, head, post, put, patch, del, options, other };
std::string_view method_name(Method method);  // "GET", ...; "" for other

// ASCII only, as HTTP's tokens are.
bool equal_ignoring_case(std::string_view a, std::string_view b);

// Header fields in order of arrival; names compare without regard to case.
class Headers {
public:
    using Field = std::pair<std::string, std::string>;

    void add(std::string name, std::string value);
    void set(std::string name, std::string value);                     // replaces all of that name
    std::optional<std::string_view> get(std::string_view name) const;  // the first of that name
    bool contains(std::string_view name) const { return get(name).has_value(); }
    std::size_t count(std::string_view name) const;
    void clear() { fields_.clear(); }  // keeps the memory for the next message
    void reserve(std::size_t fields) { fields_.reserve(fields); }

    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }

private:
    std::vector<Field> fields_;
};

// A request whose head (and, but for streamed routes, body) was read whole and found well-formed.
struct Request {
    Method method = Method::get;
    std::string target;  // as sent, origin form: /a/b%20c?x=1
    std::string path;    // the part before '?', still percent-encoded
    std::string query;   // the part behind '?', still percent-encoded
    Headers headers;
    // At least body_padding readable bytes follow the body's last one, as simdjson asks.
    std::string body;
    std::string peer;                                             // address without port
    std::vector<std::pair<std::string, std::string>> parameters;  // {name} parts of the route, percent-decoded

    static constexpr std::size_t body_padding = 64;

    std::string_view parameter(std::string_view name) const;  // "" if the route has none of that name
    // A query parameter, percent-decoded ('+' is a space); nullopt if absent or malformed.
    std::optional<std::string> query_parameter(std::string_view name) const;
};

// A part of an open file, sent with sendfile where the transport can. Owns the descriptor.
class FileBody {
public:
    FileBody(int descriptor, std::uint64_t offset, std::uint64_t length);
    FileBody(FileBody&&) noexcept;
    FileBody& operator=(FileBody&&) noexcept;
    ~FileBody();

    int descriptor() const { return descriptor_; }
    std::uint64_t offset() const { return offset_; }
    std::uint64_t length() const { return length_; }

private:
    int descriptor_;
    std::uint64_t offset_;
    std::uint64_t length_;
};

// A body that is produced piece by piece on the worker pool and sent chunked. `next` returns an empty
// string at the end; an error ends the connection so that the client sees a broken body, not a short one.
struct ChunkedBody {
    std::function<Result<std::string>()> next;
};

struct Response {
    int status = 200;
    Headers headers;  // Content-Length, Transfer-Encoding, Connection and Date are the transport's to set
    std::variant<std::string, FileBody, ChunkedBody> body;

    static Response text(int status, std::string body, std::string_view content_type = "text/plain; charset=utf-8");
    static Response json(int status, std::string body) { return text(status, std::move(body), "application/json"); }
};

// Answers one request, once, from any thread. Dropped without an answer, it answers 500.
// Called on the loop inside the handler, the reply is written without any hand-over.
class Responder {
public:
    using Send = std::function<void(Response)>;

    explicit Responder(Send send) : send_(std::move(send)) {}
    Responder(Responder&& other) noexcept : send_(std::exchange(other.send_, nullptr)) {}
    Responder& operator=(Responder&& other) noexcept;
    ~Responder();

    void operator()(Response response) { std::exchange(send_, nullptr)(std::move(response)); }

private:
    Send send_;
};

// Takes a streamed request body, chunk by chunk in order, on the worker pool, never two calls at once.
// The transport reads on only when earlier chunks were taken (two in flight), so a fast sender costs no memory.
class BodySink {
public:
    virtual ~BodySink() =
        default;  // without finish(): the upload broke off; the sink cleans up or keeps what can be resumed
    virtual Status write(std::span<const std::byte> chunk) = 0;  // an error ends the upload with that error
    virtual Response finish() = 0;                               // the whole body was taken
};

}  // namespace baton::server
