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

// Header fields in order of arrival, kept as they stand on the wire; names compare without regard to case.
// Views that it gives out are valid until it changes or moves.
class Headers {
public:
    using Field = std::pair<std::string_view, std::string_view>;

    // Control characters in a value become spaces; a field whose name is no token is left out. So what is in here
    // can always be sent.
    void add(std::string_view name, std::string_view value);
    void set(std::string_view name, std::string_view value);           // replaces all of that name
    std::optional<std::string_view> get(std::string_view name) const;  // the first of that name
    bool contains(std::string_view name) const { return get(name).has_value(); }
    std::size_t count(std::string_view name) const;
    std::size_t wire_size() const { return lines_.size(); }
    void clear();  // keeps the memory for the next message

    class Iterator {
    public:
        Field operator*() const { return headers_->field(index_); }
        std::string_view line() const;  // "Name: value\r\n"
        Iterator& operator++() {
            ++index_;
            return *this;
        }
        bool operator==(const Iterator&) const = default;

    private:
        friend Headers;
        Iterator(const Headers& headers, std::size_t index) : headers_(&headers), index_(index) {}
        const Headers* headers_;
        std::size_t index_;
    };
    Iterator begin() const { return {*this, 0}; }
    Iterator end() const { return {*this, places_.size()}; }

private:
    struct Place {
        std::uint32_t begin;
        std::uint32_t name_size;
        std::uint32_t value_size;
    };
    Field field(std::size_t index) const;

    std::string lines_;
    std::vector<Place> places_;
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
    // X-Request-Id when it is sane: 1 to 64 of A-Z a-z 0-9 . _ -
    std::optional<std::string_view> id() const;
    // A query parameter, percent-decoded ('+' is a space); nullopt if absent or malformed.
    std::optional<std::string> query_parameter(std::string_view name) const;
    // All of them, in order; nullopt if one is malformed.
    using QueryParameters = std::vector<std::pair<std::string, std::string>>;
    std::optional<QueryParameters> query_parameters() const;
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

// Where answers go that are given later. Thread-safe.
class AnswerSink {
public:
    virtual ~AnswerSink() = default;
    virtual void send(std::uint64_t ticket, Response&& response) = 0;  // the ticket names the request
};

// Answers one request, once, from any thread. Dropped without an answer, it answers 500.
// Called on the loop inside the handler, the reply is written without any hand-over.
class Responder {
public:
    Responder(std::shared_ptr<AnswerSink> sink, std::uint64_t ticket) : sink_(std::move(sink)), ticket_(ticket) {}
    explicit Responder(std::function<void(Response)> send);
    Responder(Responder&& other) noexcept = default;
    Responder& operator=(Responder&& other) noexcept;
    ~Responder();

    void operator()(Response&& response) { std::exchange(sink_, nullptr)->send(ticket_, std::move(response)); }

private:
    std::shared_ptr<AnswerSink> sink_;
    std::uint64_t ticket_ = 0;
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
