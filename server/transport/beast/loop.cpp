#include "server/transport/beast/loop.h"

#include <sys/socket.h>

#include "server/transport/beast/connection.h"
#include "server/transport/wire.h"

namespace baton::server {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// How long accepting rests when the process is out of descriptors or memory: it would only fail again at once.
constexpr std::chrono::milliseconds accept_rest{100};

bool is_aborted_connection(const error_code& ec) {
    return ec == boost::asio::error::connection_aborted || ec == boost::system::errc::protocol_error;
}

}  // namespace

Loop::Loop(Shared& shared, std::shared_ptr<Gate> gate)
    : shared_(shared), gate_(std::move(gate)), mailbox_(std::make_shared<Mailbox>(io_)) {}

Loop::~Loop() {
    stop();
    const std::lock_guard lock(mutex_);
    connections_.clear();
}

Result<std::uint16_t> Loop::listen(const std::string& address, std::uint16_t port, bool share) {
    error_code ec;
    const auto ip = boost::asio::ip::make_address(address, ec);
    if (ec) return invalid_argument("cannot listen on '" + address + "': not an IP address");
    const tcp::endpoint endpoint(ip, port);
    const auto attempt = [&](const auto& step) {
        if (!ec) step();
    };
    attempt([&] { acceptor_.open(endpoint.protocol(), ec); });
    attempt([&] { acceptor_.set_option(tcp::acceptor::reuse_address(true), ec); });
    if (share) {
        using ReusePort = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
        attempt([&] { acceptor_.set_option(ReusePort(true), ec); });
    }
    attempt([&] { acceptor_.bind(endpoint, ec); });
    attempt([&] { acceptor_.listen(boost::asio::socket_base::max_listen_connections, ec); });
    attempt([&] { acceptor_.non_blocking(true, ec); });
    if (ec) {
        return Error{.code = Code::unavailable,
                     .message = "cannot listen on " + address + " port " + std::to_string(port) + ": " + ec.message(),
                     .hint = "choose another address or port, or stop what is using it"};
    }
    return acceptor_.local_endpoint().port();
}

void Loop::run() {
    accept();
    thread_ = std::jthread([this] {
        mailbox_->set_owner(std::this_thread::get_id());
        io_.run();
    });
}

void Loop::stop() {
    mailbox_->close();
    io_.stop();
    if (thread_.joinable()) thread_.join();
}

void Loop::accept() {
    acceptor_.async_accept(io_, next_peer_, [this](const error_code& ec, Socket socket) {
        if (!acceptor_.is_open()) return;
        if (!ec) {
            accepted(std::move(socket), next_peer_);
        } else if (!is_aborted_connection(ec)) {
            accept_pause_.expires_after(accept_rest);
            accept_pause_.async_wait([this](const error_code& cancelled) {
                if (!cancelled && acceptor_.is_open()) accept();
            });
            return;
        }
        accept();
    });
}

void Loop::accepted(Socket socket, const tcp::endpoint& peer) {
    const std::string address = peer.address().to_string();
    const ConnectionCounts::Verdict verdict = shared_.counts.enter(address);
    if (verdict == ConnectionCounts::Verdict::dropped) {
        shared_.counts.leave(address);
        return;
    }
    const auto connection = std::make_shared<Connection>(std::move(socket), *this, shared_, address);
    {
        const std::lock_guard lock(mutex_);
        connections_.insert(connection);
    }
    connection->start(verdict == ConnectionCounts::Verdict::admitted);
}

// The kernel completed these connections for us; closing the acceptor would reset them.
void Loop::accept_backlog() {
    for (;;) {
        error_code ec;
        tcp::endpoint peer;
        Socket socket = acceptor_.accept(io_, peer, ec);
        if (ec) return;
        accepted(std::move(socket), peer);
    }
}

void Loop::drain() {
    mailbox_->post([this] {
        accept_pause_.cancel();
        accept_backlog();
        error_code ignored;
        acceptor_.close(ignored);
        std::unordered_set<std::shared_ptr<Connection>> open;
        {
            const std::lock_guard lock(mutex_);
            drained_ = true;
            open = connections_;
        }
        for (const auto& connection : open) connection->close_if_idle();
        emptied_.notify_all();
    });
}

bool Loop::wait_until_empty(std::chrono::steady_clock::time_point until) {
    std::unique_lock lock(mutex_);
    return emptied_.wait_until(lock, until, [this] { return drained_ && connections_.empty(); });
}

std::string_view Loop::date() {
    const std::time_t now = std::time(nullptr);
    if (now != date_second_) {
        date_second_ = now;
        date_ = format_http_date(now);
    }
    return date_;
}

void Loop::forget(const std::shared_ptr<Connection>& connection, const std::string& peer) {
    shared_.counts.leave(peer);
    {
        const std::lock_guard lock(mutex_);
        connections_.erase(connection);
        if (!connections_.empty()) return;
    }
    emptied_.notify_all();
}

}  // namespace baton::server
