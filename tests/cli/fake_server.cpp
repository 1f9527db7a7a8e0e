#include "tests/cli/fake_server.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace baton::cli {
namespace {

// Appends what comes; false at the end of the stream.
bool receive(int connection, std::string& out) {
    std::array<char, 16384> buffer{};
    const ssize_t count = ::recv(connection, buffer.data(), buffer.size(), 0);
    if (count > 0) out.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0;
}

void send_all(int connection, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void parse_head(std::string_view head, FakeRequest& request) {
    std::size_t line_end = head.find("\r\n");
    const std::string_view first = head.substr(0, line_end);
    const std::size_t space = first.find(' ');
    request.method = first.substr(0, space);
    request.target = first.substr(space + 1, first.rfind(' ') - space - 1);
    while (line_end != std::string_view::npos) {
        const std::size_t start = line_end + 2;
        line_end = head.find("\r\n", start);
        const std::string_view line =
            head.substr(start, line_end == std::string_view::npos ? line_end : line_end - start);
        const std::size_t colon = line.find(": ");
        if (colon == std::string_view::npos) continue;
        std::string name(line.substr(0, colon));
        std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
        request.headers[name] = line.substr(colon + 2);
    }
}

}  // namespace

std::string FakeRequest::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
}

std::string FakeRequest::path() const { return target.substr(0, target.find('?')); }

FakeServer::FakeServer() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 16) != 0) throw std::runtime_error("no listener");
    ::getsockname(listener_, generic, &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
}

FakeServer::~FakeServer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);  // wakes accept
    thread_.join();
    ::close(listener_);
}

void FakeServer::on(const std::string& route, Handler handler) {
    const std::lock_guard lock(mutex_);
    handlers_[route] = std::move(handler);
}

void FakeServer::on(const std::string& route, const std::string& body, int status) {
    on(route, [body, status](const FakeRequest&) { return FakeAnswer{.status = status, .body = body, .headers = {}}; });
}

void FakeServer::break_next_upload_at(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    break_at_ = bytes;
}

std::string FakeServer::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

std::vector<FakeRequest> FakeServer::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

std::vector<FakeRequest> FakeServer::requests(const std::string& route) const {
    std::vector<FakeRequest> out;
    for (const FakeRequest& request : requests()) {
        if (request.method + " " + request.path() == route) out.push_back(request);
    }
    return out;
}

void FakeServer::run() {
    while (!stopping_) {
        const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) continue;
        serve(connection);
        ::close(connection);
    }
}

bool FakeServer::read_request(int connection, FakeRequest& request) {
    std::string bytes;
    std::size_t head_end = std::string::npos;
    while ((head_end = bytes.find("\r\n\r\n")) == std::string::npos) {
        if (!receive(connection, bytes)) return false;
    }
    parse_head(std::string_view(bytes).substr(0, head_end), request);
    request.body = bytes.substr(head_end + 4);
    const std::string length_text = request.header("content-length");
    const std::size_t length = length_text.empty() ? 0 : std::stoul(length_text);
    std::size_t wanted = length;
    {
        const std::lock_guard lock(mutex_);
        if (break_at_ && *break_at_ < length) {
            wanted = *break_at_;
            break_at_.reset();
        }
    }
    while (request.body.size() < wanted && receive(connection, request.body)) {
    }
    request.body.resize(std::min(request.body.size(), wanted));
    return wanted == length;
}

void FakeServer::serve(int connection) {
    FakeRequest request;
    const bool whole = read_request(connection, request);
    if (request.method.empty()) return;
    const FakeAnswer reply = answer(request);
    if (!whole) {
        // A reset: the sender notices at once that nobody takes the rest.
        const linger now{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(connection, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        return;
    }
    std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " X\r\nConnection: close\r\n";
    for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
    if (reply.status != 304) head += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
    send_all(connection, head + "\r\n");
    if (request.method == "HEAD") return;
    send_all(connection, std::string_view(reply.body).substr(0, reply.break_after.value_or(reply.body.size())));
}

FakeAnswer FakeServer::answer(const FakeRequest& request) {
    const std::string route = request.method + " " + request.path();
    Handler handler;
    {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
        const auto found = handlers_.find(route);
        if (found != handlers_.end()) handler = found->second;
    }
    if (handler) return handler(request);
    return {.status = 404, .body = R"({"code":"not_found","detail":"no route )" + route + "\"}", .headers = {}};
}

}  // namespace baton::cli
