// A running HTTP server: the port that the two adapters fill.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "server/transport/router.h"
#include "server/transport/worker_pool.h"

namespace baton::server {

struct TransportLimits {
    std::size_t head_bytes = 16 * 1024;
    std::size_t connections = 10'000;  // in all; more are answered 503 and closed
    std::size_t connections_per_peer = 6'000;
    std::uint64_t buffered_bytes = 256u << 20;  // request bodies being read, in all
    std::chrono::milliseconds head_time{10'000};
    std::chrono::milliseconds body_time{60'000};  // for bodies read whole
    std::chrono::milliseconds idle_time{75'000};
    std::chrono::milliseconds write_time{60'000};  // without any progress
    // Bytes a second: of a streamed upload over rate_window, and of the taking of an answer as a whole.
    std::uint64_t minimum_rate = 1024;
    std::chrono::milliseconds rate_window{30'000};
    std::chrono::milliseconds linger_time{10'000};  // reading on after a last answer, so that the peer gets it
};

// How a request ended.
struct Answered {
    int status;
    const Headers& headers;  // of the answer
    std::chrono::nanoseconds took;
};

struct TransportOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  // 0 picks a free one
    std::size_t loops = 0;   // 0: cores - 1, at least 1 (Beast only)
    TransportLimits limits;
    // Called once a request was answered, on the thread that answered it: for the access log and metrics.
    std::function<void(const Request&, const Answered&)> on_answered = {};
};

// Thread-safe. Destruction stops at once.
class HttpServer {
public:
    virtual ~HttpServer() = default;
    virtual std::uint16_t port() const = 0;
    // Stops accepting, lets running requests end, closes idle connections; returns at the latest after `grace`.
    virtual void drain(std::chrono::milliseconds grace) = 0;
};

// Both start serving before they return. The router and the pool must outlive the server.
Result<std::unique_ptr<HttpServer>> start_beast_server(const TransportOptions& options, const Router& router,
                                                       WorkerPool& pool);
// For the management listener only: a thread a connection, trusted clients. Upload routes are refused with 501.
Result<std::unique_ptr<HttpServer>> start_httplib_server(const TransportOptions& options, const Router& router);

}  // namespace baton::server
