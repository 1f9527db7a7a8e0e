// The Open Inference Protocol over gRPC, on a port of its own.
//
// Messages are bounded; a call's deadline is the request's timeout; the token travels in the metadata key
// `authorization` as `Bearer bt…`. Answers are raw when the request's inputs were, or when an output has a type that
// has no other form (FP16, BF16); else they are in `contents`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "server/inference/service.h"

namespace baton::server::grpc {

struct GrpcOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  // 0 picks a free one
    std::size_t message_bytes = 32u << 20;
    int threads = 8;                         // at most, for calls that run at once
    int calls_per_connection = 64;           // more wait at the client
    std::size_t receive_bytes = 256u << 20;  // of messages that are being received: more are read as memory comes free
    std::size_t held_bytes = 256u << 20;     // of messages whose calls are not answered yet; more are refused
};

// Thread-safe. Destruction ends what is still running at once.
class GrpcServer {
public:
    virtual ~GrpcServer() = default;
    virtual std::uint16_t port() const = 0;
    // Takes no new calls and lets the running ones end; those that are not at their end after `grace` are told that
    // they are cancelled. Returns with the last one.
    virtual void drain(std::chrono::milliseconds grace) = 0;
};

// Serves before it returns. The service must outlive the server.
Result<std::unique_ptr<GrpcServer>> start_grpc_server(const GrpcOptions& options, const InferenceService& service);

}  // namespace baton::server::grpc
