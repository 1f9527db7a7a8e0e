// One inference request on its way from bytes to bytes.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "inference/live_table.h"
#include "inference/tensor.h"
#include "server/inference/compression.h"
#include "server/inference/request_memory.h"
#include "server/inference/service.h"

namespace baton::server {

// Decoded, run, encoded and counted, with the time that each step takes. Its functions are called by one thread at a
// time but not always the same one. Keeps the version loaded until the answer is made.
class InferenceCall {
public:
    using Options = InferenceService::Options;

    // `coding` is that of the body. The options must outlive the call.
    InferenceCall(const Options& options, inference::Destination destination,
                  std::unique_ptr<InferenceExchange> exchange, Responder respond, std::shared_ptr<Request> request,
                  Coding coding, RequestMemory memory)
        : options_(options),
          version_(std::move(destination.version)),
          mirror_(std::move(destination.traffic)),
          exchange_(std::move(exchange)),
          respond_(std::move(respond)),
          request_(std::move(request)),
          coding_(coding),
          memory_(std::move(memory)) {}

    const inference::ServedVersion& version() const { return *version_; }
    // Once decoded:
    std::span<const inference::Tensor> inputs() const { return inputs_; }
    std::size_t rows() const { return rows_; }
    std::chrono::microseconds time_limit() const;  // how long the answer is of use, from when the request came; 0: ever

    // The header field that says how long the request may wait; invalid_argument if it does not.
    Status read_header_limit();
    Status decode();
    // The time since the step before ended was spent waiting.
    void waited() { times_.queue += stage(); }
    // Memory beyond that of decoding, until the call ends.
    Status reserve(std::size_t bytes) { return memory_.take(bytes); }
    // The time that it waited may have been all that it had: deadline_exceeded.
    Status check_time() const;

    // One of these, once, ends the call.
    void run();  // once decoded
    // Answers with what the engine made of the inputs among others', in `engine`; waiting for that was the rest.
    void take(std::vector<inference::Tensor> outputs, std::chrono::nanoseconds engine);
    void fail(const Error& error);

private:
    // The time since the last stage ended, which ends this one.
    std::chrono::nanoseconds stage();
    Status decode_inputs();
    void encode(std::vector<inference::Tensor> outputs);
    void answer(Response response);
    void keep_payload(const Response& response) const;  // if one is wanted
    void compress_body(Response& response) const;
    void name_version(Response& response) const;
    void count(std::optional<Code> failure) const;

    const Options& options_;
    inference::ServedVersionPtr version_;
    std::shared_ptr<const inference::Traffic> mirror_;  // whose shadow gets what was asked and answered; null: none
    std::unique_ptr<InferenceExchange> exchange_;
    Responder respond_;
    std::shared_ptr<Request> request_;
    Coding coding_;
    RequestMemory memory_;
    std::chrono::steady_clock::time_point stage_began_ = std::chrono::steady_clock::now();
    std::vector<inference::Tensor> inputs_;
    std::size_t rows_ = 0;
    inference::RequestTimes times_;
    std::optional<std::chrono::microseconds> header_limit_;
};

}  // namespace baton::server
