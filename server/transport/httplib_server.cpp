// The management listener: cpp-httplib's server behind our own contract, for trusted clients.
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <future>
#include <optional>
#include <thread>

#include "server/transport/safe_call.h"
#include "server/transport/server.h"
#include "server/transport/wire.h"

namespace baton::server {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t threads = 8;
constexpr std::size_t file_piece = 64 * 1024;
// A connection that idles keeps its thread, and the end of the server waiting, for as long as this.
constexpr std::chrono::milliseconds longest_idle{1'000};

Method method_of(std::string_view name) {
    for (const Method method :
         {Method::get, Method::head, Method::post, Method::put, Method::patch, Method::del, Method::options}) {
        if (name == method_name(method)) return method;
    }
    return Method::other;
}

Request convert(const httplib::Request& from) {
    Request request;
    request.method = method_of(from.method);
    request.target = from.target;
    const std::size_t question = std::min(from.target.find('?'), from.target.size());
    request.path = from.target.substr(0, question);
    request.query = from.target.substr(std::min(question + 1, from.target.size()));
    for (const auto& [name, value] : from.headers) {
        // These two are cpp-httplib's own additions.
        if (name != "REMOTE_ADDR" && name != "REMOTE_PORT" && name != "LOCAL_ADDR" && name != "LOCAL_PORT") {
            request.headers.add(name, value);
        }
    }
    request.body.reserve(from.body.size() + Request::body_padding);
    request.body = from.body;
    request.peer = from.remote_addr;
    return request;
}

std::string take_content_type(Headers& headers) {
    std::string type(headers.get("Content-Type").value_or(""));
    Headers others;
    for (const auto& [name, value] : headers) {
        if (!equal_ignoring_case(name, "Content-Type")) others.add(name, value);
    }
    headers = std::move(others);
    return type;
}

void send_file(httplib::Response& to, FileBody&& body, const std::string& type) {
    const auto file = std::make_shared<FileBody>(std::move(body));
    const auto provide = [file](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
        std::array<char, file_piece> piece;
        const ssize_t count = ::pread(file->descriptor(), piece.data(), std::min(length, piece.size()),
                                      static_cast<off_t>(file->offset() + offset));
        return count > 0 && sink.write(piece.data(), static_cast<std::size_t>(count));
    };
    to.set_content_provider(static_cast<std::size_t>(file->length()), type, provide);
}

void send_stream(httplib::Response& to, ChunkedBody&& body, const std::string& type) {
    const auto stream = std::make_shared<ChunkedBody>(std::move(body));
    to.set_chunked_content_provider(type, [stream](std::size_t, httplib::DataSink& sink) {
        const Result<std::string> piece = call_safely(stream->next);
        if (!piece) return false;
        if (piece->empty()) {
            sink.done();
            return true;
        }
        return sink.write(piece->data(), piece->size());
    });
}

void convert(Response&& from, httplib::Response& to) {
    to.status = from.status;
    const std::string type = take_content_type(from.headers);
    for (const auto& [name, value] : from.headers) {
        if (!is_transports_own(name)) to.set_header(std::string(name), std::string(value));
    }
    to.set_header("Date", format_http_date(std::time(nullptr)));
    if (auto* text = std::get_if<std::string>(&from.body)) {
        to.body = std::move(*text);
        if (!type.empty()) to.set_header("Content-Type", type);
    } else if (auto* file = std::get_if<FileBody>(&from.body)) {
        send_file(to, std::move(*file), type);
    } else {
        send_stream(to, std::move(std::get<ChunkedBody>(from.body)), type);
    }
}

// Waits on the connection's own thread for an answer that may come from another.
Response wait_for_answer(const AsyncHandler& handler, const std::shared_ptr<Request>& request) {
    const auto answer = std::make_shared<std::promise<Response>>();
    std::future<Response> answered = answer->get_future();
    handler(request, Responder([answer](Response response) { answer->set_value(std::move(response)); }));
    return answered.get();
}

class HttplibServer final : public HttpServer {
public:
    HttplibServer(const TransportOptions& options, const Router& router) : options_(options), router_(router) {
        const auto idle = std::min(options.limits.idle_time, longest_idle);
        server_.set_keep_alive_timeout(std::chrono::ceil<std::chrono::seconds>(idle).count());
        server_.set_keep_alive_max_count(static_cast<std::size_t>(-1));
        server_.set_read_timeout(options.limits.head_time);
        server_.set_write_timeout(options.limits.write_time);
        server_.set_tcp_nodelay(true);
        server_.set_payload_max_length(largest_body());
        // Its default would let a second process listen on the same port.
        server_.set_socket_options([](socket_t socket) {
            const int on = 1;
            ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        });
        server_.new_task_queue = [] { return new httplib::ThreadPool(threads); };
        const auto handle = [this](const httplib::Request& from, httplib::Response& to) { answer(from, to); };
        server_.Get(".*", handle);
        server_.Post(".*", handle);
        server_.Put(".*", handle);
        server_.Patch(".*", handle);
        server_.Delete(".*", handle);
        server_.Options(".*", handle);
        server_.set_error_handler(
            [this](const httplib::Request& from, httplib::Response& to) { shape_error(from, to); });
    }

    ~HttplibServer() override {
        server_.stop();
        if (thread_.joinable()) thread_.join();
    }

    Status start() {
        const bool any = options_.port == 0;
        const int port = any ? server_.bind_to_any_port(options_.address)
                         : server_.bind_to_port(options_.address, options_.port) ? options_.port
                                                                                 : -1;
        if (port < 0) {
            return Error{.code = Code::unavailable,
                         .message = "cannot listen on " + options_.address + " port " + std::to_string(options_.port),
                         .hint = "choose another address or port, or stop what is using it"};
        }
        port_ = static_cast<std::uint16_t>(port);
        thread_ = std::jthread([this] {
            server_.listen_after_bind();
            ended_.set_value();
        });
        while (!server_.is_running()) std::this_thread::yield();
        return {};
    }

    std::uint16_t port() const override { return port_; }

    void drain(std::chrono::milliseconds grace) override {
        server_.stop();
        ended_future_.wait_for(grace);
    }

private:
    std::size_t largest_body() const {
        std::uint64_t largest = default_body_limit;
        for (const Route* route : router_.routes()) {
            if (!std::holds_alternative<Upload>(route->handler)) largest = std::max(largest, route->body_limit);
        }
        return static_cast<std::size_t>(largest);
    }

    void answer(const httplib::Request& from, httplib::Response& to) const {
        const auto started = Clock::now();
        const auto request = std::make_shared<Request>(convert(from));
        Response response = respond(request);
        const int status = response.status;
        const Headers headers = response.headers;
        convert(std::move(response), to);
        if (options_.on_answered) options_.on_answered(*request, {status, headers, Clock::now() - started});
    }

    Response respond(const std::shared_ptr<Request>& request) const {
        Router::Match match = router_.match(request->method, request->path);
        if (match.route == nullptr) return no_route(*request, match);
        if (request->body.size() > match.route->body_limit) {
            return router_.error(*request, Error{.code = Code::too_large, .message = "the body is too large"}, 413);
        }
        request->parameters = std::move(match.parameters);
        Result<Response> response = call_safely([&] { return run(*match.route, request); });
        return response.ok() ? *std::move(response) : router_.error(*request, response.error(), 500);
    }

    Response run(const Route& route, const std::shared_ptr<Request>& request) const {
        if (const auto* direct = std::get_if<Inline>(&route.handler)) return direct->handler(*request);
        if (const auto* pooled = std::get_if<Pooled>(&route.handler)) return pooled->handler(*request);
        if (const auto* later = std::get_if<Async>(&route.handler)) return wait_for_answer(later->handler, request);
        return router_.error(*request, invalid_argument("uploads are not taken on this address"), 501);
    }

    Response no_route(const Request& request, const Router::Match& match) const {
        if (match.status == 404) return router_.error(request, not_found("nothing is found at this path"), 404);
        if (match.status == 400) return router_.error(request, invalid_argument("the path is malformed"), 400);
        Response response = router_.error(request, invalid_argument("this path does not take that method"), 405);
        response.headers.set("Allow", match.allowed);
        return response;
    }

    // For what cpp-httplib refuses by itself. Our own answers, which also come by here, carry a date.
    void shape_error(const httplib::Request& from, httplib::Response& to) const {
        if (to.has_header("Date")) return;
        const int status = to.status;
        const Error error{.code = status == 413 ? Code::too_large : Code::invalid_argument,
                          .message = "the request was refused"};
        convert(router_.error(convert(from), error, status), to);
    }

    const TransportOptions options_;
    const Router& router_;
    httplib::Server server_;
    std::uint16_t port_ = 0;
    std::promise<void> ended_;
    std::future<void> ended_future_ = ended_.get_future();
    std::jthread thread_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> start_httplib_server(const TransportOptions& options, const Router& router) {
    std::signal(SIGPIPE, SIG_IGN);
    auto server = std::make_unique<HttplibServer>(options, router);
    BATON_TRY(server->start());
    return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace baton::server
