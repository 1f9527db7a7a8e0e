#include "tests/transport/test_server.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>

#include "tests/transport/raw_client.h"

namespace baton::server {

using namespace std::chrono_literals;

void UploadLog::hold_writes(bool hold) {
    {
        const std::lock_guard lock(mutex_);
        held_ = hold;
    }
    changed_.notify_all();
}

void UploadLog::wait_while_held() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !held_; });
}

void UploadLog::update(const std::function<void(Entry&)>& change) {
    {
        const std::lock_guard lock(mutex_);
        change(entry_);
    }
    changed_.notify_all();
}

UploadLog::Entry UploadLog::wait_for(const std::function<bool(const Entry&)>& enough) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 10s, [&] { return enough(entry_); });
    return entry_;
}

namespace {

// Refuses what contains "refuse me"; keeps the rest.
class LoggingSink final : public BodySink {
public:
    explicit LoggingSink(UploadLog& log) : log_(log) {}
    ~LoggingSink() override {
        log_.update([](UploadLog::Entry& entry) { entry.dropped = !entry.finished; });
    }

    Status write(std::span<const std::byte> chunk) override {
        log_.wait_while_held();
        const std::string_view text(reinterpret_cast<const char*>(chunk.data()), chunk.size());
        log_.update([&](UploadLog::Entry& entry) {
            entry.bytes.append(text);
            entry.largest_piece = std::max(entry.largest_piece, text.size());
        });
        if (text.find("refuse me") == std::string_view::npos) return {};
        return Error{.code = Code::integrity, .message = "these bytes are wrong"};
    }

    Response finish() override {
        std::size_t size = 0;
        log_.update([&](UploadLog::Entry& entry) {
            entry.finished = true;
            size = entry.bytes.size();
        });
        return Response::text(201, std::to_string(size));
    }

private:
    UploadLog& log_;
};

// So that a sanitizer sees when the padding is not there.
void read_padding(const std::string& body) {
    volatile char last = 0;
    for (std::size_t i = 0; i < Request::body_padding; ++i) last = *(body.data() + body.size() + i);
    static_cast<void>(last);
}

Response echo(const Request& request) {
    read_padding(request.body);
    return Response::text(200, request.body);
}

std::string make_file() {
    std::string path = testing::TempDir() + "transport_XXXXXX";
    const int descriptor = ::mkstemp(path.data());
    ::close(descriptor);
    std::ofstream(path, std::ios::binary) << TestServer::file_content();
    return path;
}

Route route(Method method, std::string pattern, RouteHandler handler, std::uint64_t limit = default_body_limit) {
    return {.method = method, .pattern = std::move(pattern), .handler = std::move(handler), .body_limit = limit};
}

// cpp-httplib makes statics at its first request. The thread sanitizer cannot see how a library that is not
// instrumented guards them, and takes two first requests at once for a race: the first one is that of a server whose
// threads have ended before those of any other begin.
void make_statics_of_httplib() {
    static const bool made = [] {
        Router router;
        router.add(route(Method::get, "/", Inline{[](const Request&) { return Response::text(200, "made"); }}));
        const auto server = start_httplib_server({}, router);
        RawClient client(server.value()->port());
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        return client.receive().has_value();
    }();
    EXPECT_TRUE(made);
}

}  // namespace

TransportLimits short_limits() {
    TransportLimits limits;
    limits.head_time = 300ms;
    limits.body_time = 300ms;
    limits.idle_time = 600ms;
    limits.write_time = 400ms;
    limits.rate_window = 300ms;
    limits.linger_time = 1000ms;
    limits.minimum_rate = 10'000;
    return limits;
}

const std::string& TestServer::file_content() {
    static const std::string content = [] {
        std::string bytes(file_size, '\0');
        std::uint32_t state = 1;
        for (char& c : bytes) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
        return bytes;
    }();
    return content;
}

TestServer::TestServer(Kind kind, TransportOptions options, std::size_t workers, std::size_t queue)
    : file_path_(make_file()), pool_(workers, queue) {
    add_plain_routes();
    add_body_routes();
    add_async_routes();
    add_upload_route();
    if (kind == Kind::httplib) make_statics_of_httplib();
    auto server =
        kind == Kind::beast ? start_beast_server(options, router_, pool_) : start_httplib_server(options, router_);
    if (!server) throw std::runtime_error(server.error().message);
    server_ = *std::move(server);
}

TestServer::~TestServer() {
    uploads_.hold_writes(false);
    server_.reset();  // before what is held, so that late answers find nobody
    ::unlink(file_path_.c_str());
}

void TestServer::add_plain_routes() {
    const auto get = [&](std::string pattern, RouteHandler handler) {
        router_.add(route(Method::get, std::move(pattern), std::move(handler)));
    };
    get("/hello", Inline{[](const Request&) { return Response::text(200, "hello"); }});
    get("/pooled", Pooled{[](const Request& request) { return Response::text(200, "pooled " + request.target); }});
    get("/own-pool", Pooled{[](const Request&) { return Response::text(200, "own pool"); }, &own_pool_});
    get("/empty", Inline{[](const Request&) { return Response{.status = 204, .headers = {}, .body = {}}; }});
    get("/unchanged", Inline{[](const Request&) { return Response{.status = 304, .headers = {}, .body = {}}; }});
    get("/throw", Inline{[](const Request&) -> Response { throw std::runtime_error("secret"); }});
    get("/pooled-throw", Pooled{[](const Request&) -> Response { throw std::runtime_error("secret"); }});
    get("/big", Inline{[](const Request&) { return Response::text(200, std::string(big_size, 'b')); }});
    get("/m/{model}/files/{path...}", Inline{[](const Request& request) {
            return Response::text(200, std::string(request.parameter("model")) + "|" +
                                           std::string(request.parameter("path")) + "|" + request.query);
        }});
    get("/inject", Inline{[](const Request&) {
            Response response = Response::text(200, "x");
            response.headers.add("X-Evil", "a\r\nSet-Cookie: b");
            response.headers.add("Bad\r\nName", "c");
            response.headers.add("Content-Length", "999");
            return response;
        }});
    get("/file", Pooled{[this](const Request& request) { return file_response(request); }});
    get("/truncated", Pooled{[this](const Request&) {
            const int descriptor = ::open(file_path_.c_str(), O_RDONLY | O_CLOEXEC);
            return Response{.status = 200, .headers = {}, .body = FileBody(descriptor, 0, file_size + 1)};
        }});
    get("/big-file", Pooled{[](const Request&) {
            const int descriptor = ::memfd_create("holes", MFD_CLOEXEC);
            EXPECT_EQ(::ftruncate(descriptor, big_size), 0);
            return Response{.status = 200, .headers = {}, .body = FileBody(descriptor, 0, big_size)};
        }});
    get("/stream", Inline{[](const Request& request) {
            const int pieces = std::stoi(request.query_parameter("pieces").value_or("3"));
            const bool breaks = request.query_parameter("break").has_value();
            return Response{.status = 200,
                            .headers = {},
                            .body = ChunkedBody{[i = 0, pieces, breaks]() mutable -> Result<std::string> {
                                if (i == pieces && breaks) return internal_error("the source failed");
                                if (i == pieces) return std::string();
                                return "piece " + std::to_string(i++) + ";";
                            }}};
        }});
}

Response TestServer::file_response(const Request& request) const {
    const std::uint64_t offset = std::stoull(request.query_parameter("offset").value_or("0"));
    const std::uint64_t length =
        std::stoull(request.query_parameter("length").value_or(std::to_string(file_size - offset)));
    const int descriptor = ::open(file_path_.c_str(), O_RDONLY | O_CLOEXEC);
    return {.status = length == file_size ? 200 : 206, .headers = {}, .body = FileBody(descriptor, offset, length)};
}

void TestServer::add_body_routes() {
    router_.add(route(Method::post, "/echo", Inline{echo}, 1000));
    router_.add(route(Method::post, "/echo-large", Inline{echo}, 8 << 20));
    router_.add(route(Method::post, "/pooled-echo", Pooled{echo}, 8 << 20));
    router_.add(route(Method::put, "/echo", Pooled{echo}, 100));
}

void TestServer::add_async_routes() {
    const auto get = [&](std::string pattern, AsyncHandler handler) {
        router_.add(route(Method::get, std::move(pattern), Async{std::move(handler)}));
    };
    get("/now", [](const std::shared_ptr<Request>& request, Responder respond) {
        const std::string body = std::move(request->body);
        read_padding(body);
        respond(Response::text(200, "now " + request->target));
    });
    get("/later", [this](const std::shared_ptr<Request>&, Responder respond) {
        const std::lock_guard lock(mutex_);
        answerers_.emplace_back(
            [shared = std::make_shared<Responder>(std::move(respond))] { (*shared)(Response::text(200, "later")); });
    });
    get("/dropped", [](const std::shared_ptr<Request>&, Responder) {});
    get("/async-throw", [](const std::shared_ptr<Request>&, Responder) { throw std::runtime_error("secret"); });
    const AsyncHandler hold = [this](const std::shared_ptr<Request>&, Responder respond) {
        {
            const std::lock_guard lock(mutex_);
            held_.push_back(std::move(respond));
        }
        arrived_.notify_all();
    };
    get("/held", hold);
    router_.add(route(Method::post, "/held", Async{hold}, 8 << 20));
}

void TestServer::add_upload_route() {
    const auto handler = [this](const Request& request) -> std::variant<Response, std::unique_ptr<BodySink>> {
        if (request.query == "refuse") return Response::text(403, "not you");
        if (request.query == "throw") throw std::runtime_error("secret");
        return std::make_unique<LoggingSink>(uploads_);
    };
    router_.add(route(Method::put, "/upload", Upload{handler}, 64 << 20));
}

void TestServer::answer_held(std::size_t count) {
    std::vector<Responder> waiting;
    {
        std::unique_lock lock(mutex_);
        arrived_.wait_for(lock, 10s, [&] { return held_.size() >= count; });
        waiting.swap(held_);
    }
    for (Responder& respond : waiting) respond(Response::text(200, "held"));
}

std::size_t TestServer::held() {
    const std::lock_guard lock(mutex_);
    return held_.size();
}

std::string kind_name(const testing::TestParamInfo<TestServer::Kind>& info) {
    return info.param == TestServer::Kind::beast ? "beast" : "httplib";
}

}  // namespace baton::server
