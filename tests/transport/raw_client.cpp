#include "tests/transport/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

namespace baton::server {
namespace {

constexpr timeval patience{.tv_sec = 10, .tv_usec = 0};

}  // namespace

RawClient::RawClient() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

RawClient::RawClient(std::uint16_t port, int receive_buffer) : RawClient() {
    if (receive_buffer > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    connect(port);
}

void RawClient::connect(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::abort();
}

RawClient::~RawClient() {
    if (socket_ >= 0) ::close(socket_);
}

bool RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void RawClient::finish_sending() { ::shutdown(socket_, SHUT_WR); }

void RawClient::reset() {
    const linger hard{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    ::close(socket_);
    socket_ = -1;
}

bool RawClient::fill() {
    std::array<char, 64 * 1024> bytes;
    const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) timed_out_ = true;
    if (count <= 0) return false;
    buffer_.append(bytes.data(), static_cast<std::size_t>(count));
    return true;
}

std::optional<std::string> RawClient::take(std::size_t bytes) {
    while (buffer_.size() < bytes) {
        if (!fill()) return std::nullopt;
    }
    std::string taken = buffer_.substr(0, bytes);
    buffer_.erase(0, bytes);
    return taken;
}

std::optional<std::string> RawClient::take_line() {
    std::size_t end;
    while ((end = buffer_.find("\r\n")) == std::string::npos) {
        if (!fill()) return std::nullopt;
    }
    std::optional<std::string> line = take(end + 2);
    line->resize(end);
    return line;
}

std::optional<RawResponse> RawClient::receive(bool to_head) {
    std::optional<std::string> line = take_line();
    if (!line || line->size() < 12 || !line->starts_with("HTTP/1.1 ")) return std::nullopt;
    RawResponse response;
    response.status = std::atoi(line->c_str() + 9);
    for (;;) {
        line = take_line();
        if (!line) return std::nullopt;
        if (line->empty()) break;
        const std::size_t colon = line->find(": ");
        if (colon == std::string::npos) return std::nullopt;
        std::string name = line->substr(0, colon);
        for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
        response.headers[name] = line->substr(colon + 2);
    }
    if (to_head || response.status < 200 || response.status == 204 || response.status == 304) return response;
    if (response.header("transfer-encoding") == "chunked") {
        for (;;) {
            line = take_line();
            if (!line) return std::nullopt;
            const std::size_t size = std::strtoul(line->c_str(), nullptr, 16);
            const std::optional<std::string> piece = take(size + 2);
            if (!piece) return std::nullopt;
            if (size == 0) return response;
            response.body.append(*piece, 0, size);
        }
    }
    if (response.headers.count("content-length") == 0) {
        response.body = receive_all();
        return response;
    }
    std::optional<std::string> body = take(std::strtoul(response.header("content-length").c_str(), nullptr, 10));
    if (!body) return std::nullopt;
    response.body = *std::move(body);
    return response;
}

std::string RawClient::receive_all() {
    while (fill()) {
    }
    std::string all = std::exchange(buffer_, {});
    return timed_out_ ? all + "timeout" : all;
}

std::size_t RawClient::receive_some(std::size_t at_most) {
    std::string dropped(at_most, '\0');
    return static_cast<std::size_t>(std::max<ssize_t>(::recv(socket_, dropped.data(), at_most, 0), 0));
}

bool RawClient::is_closed() { return buffer_.empty() && !fill() && !timed_out_; }

}  // namespace baton::server
