// One event loop: its thread, its acceptor and its connections.
#pragma once

#include <atomic>
#include <condition_variable>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>

#include "server/transport/beast/asio.h"
#include "server/transport/beast/limits.h"
#include "server/transport/server.h"

namespace baton::server {

class Connection;

// What all loops of one server share. Thread-safe where it is not constant.
struct Shared {
    Shared(const TransportOptions& server_options, const Router& server_router, WorkerPool& server_pool)
        : options(server_options),
          router(server_router),
          pool(server_pool),
          budget(options.limits.buffered_bytes),
          counts(options.limits.connections, options.limits.connections_per_peer) {}

    const TransportOptions options;
    const Router& router;
    WorkerPool& pool;
    MemoryBudget budget;
    ConnectionCounts counts;
    std::atomic<bool> draining = false;
};

// The way to a loop for other threads; outlives the loop, and drops what comes too late. Thread-safe.
class Mailbox {
public:
    explicit Mailbox(boost::asio::io_context& io) : io_(&io) {}

    template <class Task>
    void post(Task&& task) {
        const std::lock_guard lock(mutex_);
        if (io_ != nullptr) boost::asio::post(*io_, std::forward<Task>(task));
    }
    void close() {
        const std::lock_guard lock(mutex_);
        io_ = nullptr;
        owner_ = std::thread::id{};  // a later thread may get the same one
    }

    void set_owner(std::thread::id thread) { owner_ = thread; }
    bool is_on_loop() const { return owner_ == std::this_thread::get_id(); }

private:
    std::mutex mutex_;
    boost::asio::io_context* io_;  // guarded by mutex_
    std::atomic<std::thread::id> owner_;
};

// All but the constructor, run(), stop(), drain() and wait_until_empty() is called on the loop's own thread.
class Loop {
public:
    Loop(Shared& shared, std::shared_ptr<Gate> gate);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    // Before run(). Port 0 picks a free one; `share` lets several loops listen on one port.
    Result<std::uint16_t> listen(const std::string& address, std::uint16_t port, bool share);
    void run();
    void stop();

    void drain();
    bool wait_until_empty(std::chrono::steady_clock::time_point until);

    boost::asio::io_context& io() { return io_; }
    const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
    const std::shared_ptr<Gate>& gate() const { return gate_; }
    std::string_view date();
    void forget(const std::shared_ptr<Connection>& connection, const std::string& peer);

private:
    void accept();
    void accepted(Socket socket, const boost::asio::ip::tcp::endpoint& peer);
    void accept_backlog();

    Shared& shared_;
    const std::shared_ptr<Gate> gate_;
    boost::asio::io_context io_{1};
    const std::shared_ptr<Mailbox> mailbox_;
    Acceptor acceptor_{io_};
    Timer accept_pause_{io_};
    boost::asio::ip::tcp::endpoint next_peer_;
    std::time_t date_second_ = -1;
    std::string date_;

    std::mutex mutex_;
    std::condition_variable emptied_;
    std::unordered_set<std::shared_ptr<Connection>> connections_;  // guarded by mutex_
    bool drained_ = false;                                         // guarded by mutex_: no more will come
    std::jthread thread_;
};

}  // namespace baton::server
