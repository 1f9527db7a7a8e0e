// The front door: event loops, each with its own acceptor, over one router and one worker pool.
#include <sys/resource.h>

#include <csignal>
#include <thread>

#include "server/transport/beast/connection.h"
#include "server/transport/beast/loop.h"
#include "server/transport/server.h"

namespace baton::server {
namespace {

// Leaves descriptors for files, the database and refusals: at the limit of connections a client is still told so.
std::size_t affordable_connections(std::size_t wanted) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
    const std::size_t descriptors = static_cast<std::size_t>(limit.rlim_cur);
    const std::size_t kept_back = std::max<std::size_t>(descriptors / 4, std::min<std::size_t>(descriptors / 2, 128));
    return std::min(wanted, descriptors - kept_back);
}

TransportOptions affordable(TransportOptions options) {
    options.limits.connections = affordable_connections(options.limits.connections);
    if (options.loops == 0) options.loops = std::max(2U, std::thread::hardware_concurrency()) - 1;
    return options;
}

class BeastServer final : public HttpServer {
public:
    BeastServer(const TransportOptions& options, const Router& router, WorkerPool& pool)
        : shared_(affordable(options), router, pool) {}

    ~BeastServer() override {
        for (const auto& loop : loops_) loop->stop();
        gate_->close();
    }

    Status start() {
        const TransportOptions& options = shared_.options;
        port_ = options.port;
        for (std::size_t i = 0; i < options.loops; ++i) {
            loops_.push_back(std::make_unique<Loop>(shared_, gate_));
            BATON_ASSIGN(port_, loops_.back()->listen(options.address, port_, options.loops > 1));
        }
        for (const auto& loop : loops_) loop->run();
        return {};
    }

    std::uint16_t port() const override { return port_; }

    void drain(std::chrono::milliseconds grace) override {
        const auto until = std::chrono::steady_clock::now() + grace;
        shared_.draining = true;
        for (const auto& loop : loops_) loop->drain();
        for (const auto& loop : loops_) loop->wait_until_empty(until);
    }

private:
    Shared shared_;
    const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
    std::vector<std::unique_ptr<Loop>> loops_;
    std::uint16_t port_ = 0;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> start_beast_server(const TransportOptions& options, const Router& router,
                                                       WorkerPool& pool) {
    std::signal(SIGPIPE, SIG_IGN);  // a peer that went away is an error of the write
    auto server = std::make_unique<BeastServer>(options, router, pool);
    BATON_TRY(server->start());
    return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace baton::server
