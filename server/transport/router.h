// Which handler answers a request, and how it runs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/transport/http.h"

namespace baton::server {

class WorkerPool;

// On the loop: must be quick and must not block, neither on a lock held for long nor on I/O.
using InlineHandler = std::function<Response(const Request&)>;
// On the worker pool: may block.
using PooledHandler = std::function<Response(const Request&)>;
// Called on the loop, answers when it likes, from any thread (long polls; inference that chooses where it runs).
// It may keep the request until then and take the body out of it; the head is read again for the log.
using AsyncHandler = std::function<void(const std::shared_ptr<Request>&, Responder)>;
// Called on the pool when the head has arrived; what it returns takes the body, or answers without reading it.
using UploadHandler = std::function<std::variant<Response, std::unique_ptr<BodySink>>(const Request&)>;

struct Inline {
    InlineHandler handler;
};
struct Pooled {
    PooledHandler handler;
    WorkerPool* pool = nullptr;  // where long work would keep others waiting: its own; null: the server's
};
struct Async {
    AsyncHandler handler;
};
struct Upload {
    UploadHandler handler;
};
using RouteHandler = std::variant<Inline, Pooled, Async, Upload>;

constexpr std::uint64_t default_body_limit = 1 << 20;

struct Route {
    Method method = Method::get;
    // Segments are literal, `{name}` (one segment, not empty) or, last only, `{name...}` (the rest, slashes included).
    // A literal tail may follow a name: `{model}:predict`. Literal beats name; HEAD is answered by the GET route.
    std::string pattern;
    RouteHandler handler;
    std::uint64_t body_limit = default_body_limit;  // 413 above it, before the body is read
};

// Built once, then read by all loops. Errors that no handler made (unknown path, wrong method, body too large,
// malformed request, overload) are given their shape by the renderer of the longest matching path prefix.
class Router {
public:
    using ErrorRenderer = std::function<Response(const Request&, const Error&, int status)>;

    Router();
    ~Router();
    Router(Router&&) noexcept;
    Router& operator=(Router&&) noexcept;

    void add(Route route);  // aborts on a malformed or duplicate pattern: a programming mistake
    void on_error(std::string path_prefix, ErrorRenderer renderer);

    // The route of a request and its decoded parameters.
    struct Match {
        const Route* route = nullptr;
        std::vector<std::pair<std::string, std::string>> parameters;
        int status = 200;     // 404, 405 or 400 (percent-encoding, dot segments, NUL) when route is null
        std::string allowed;  // for 405: the Allow header
    };
    Match match(Method method, std::string_view path) const;
    Response error(const Request& request, const Error& error, int status) const;
    std::vector<const Route*> routes() const;  // in order of addition

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace baton::server
