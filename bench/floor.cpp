// The kernel's own share of answering over HTTP: reads whatever has come and writes a canned reply, and nothing else.
//
//     bench_floor BYTES        prints the port; the reply's body has so many bytes
//
// One thread and one epoll, as one loop of a server. Each read is taken for one whole request, which holds for small
// requests without pipelining.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

int check(int result, const char* what) {
    if (result >= 0) return result;
    std::perror(what);
    std::exit(1);
}

void watch(int epoll, int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event), "epoll_ctl");
}

int listen_somewhere() {
    const int listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    check(bind(listener, any, size), "bind");
    check(listen(listener, SOMAXCONN), "listen");
    check(getsockname(listener, any, &size), "getsockname");
    std::printf("%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    return listener;
}

void accept_one(int epoll, int listener) {
    const int connection = check(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK), "accept");
    const int on = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(epoll, connection);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: bench_floor BYTES\n");
        return 2;
    }
    const std::string body(std::strtoul(argv[1], nullptr, 10), 'x');
    const std::string reply =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n\r\n" + body;
    const int listener = listen_somewhere();
    const int epoll = check(epoll_create1(0), "epoll_create1");
    watch(epoll, listener);
    std::array<epoll_event, 512> events;
    static std::array<char, 65536> request;
    for (;;) {
        const int count = check(epoll_wait(epoll, events.data(), events.size(), -1), "epoll_wait");
        for (int i = 0; i < count; ++i) {
            const int descriptor = events[i].data.fd;
            if (descriptor == listener) {
                accept_one(epoll, listener);
            } else if (recv(descriptor, request.data(), request.size(), 0) <= 0 ||
                       send(descriptor, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) {
                close(descriptor);
            }
        }
    }
}
