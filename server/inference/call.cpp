#include "server/inference/call.h"

#include <ctime>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "inference/traffic.h"

namespace baton::server {
namespace {

using inference::Tensor;

constexpr std::string_view timeout_header = "Baton-Timeout-Ms";
constexpr std::int64_t most_milliseconds = 3'600'000;

std::size_t rows_of(const std::vector<Tensor>& inputs) {
    const auto& shape = inputs.front().shape();
    return shape.empty() ? 1 : static_cast<std::size_t>(shape.front());
}

}  // namespace

std::chrono::nanoseconds InferenceCall::stage() {
    const auto now = std::chrono::steady_clock::now();
    return now - std::exchange(stage_began_, now);
}

Status InferenceCall::read_header_limit() {
    const auto text = request_->headers.get(timeout_header);
    if (!text) return {};
    const auto milliseconds = parse_whole<std::int64_t>(*text);
    if (!milliseconds || *milliseconds < 1 || *milliseconds > most_milliseconds) {
        return invalid_argument(std::string(timeout_header) + " must be a whole number of milliseconds, 1 to " +
                                std::to_string(most_milliseconds));
    }
    header_limit_ = std::chrono::milliseconds(*milliseconds);
    return {};
}

Status InferenceCall::decode() {
    const Status status = decode_inputs();
    times_.decode = stage();
    return status;
}

Status InferenceCall::decode_inputs() {
    const DecodeLimits limits{.memory = &memory_, .max_rows = options_.max_rows};
    if (coding_ != Coding::identity) {
        BATON_ASSIGN(request_->body, decompress(coding_, request_->body, options_.body_limit, limits));
    }
    BATON_ASSIGN(std::vector<Tensor> sent, exchange_->decode(request_->body, *version_, limits));
    BATON_ASSIGN(inputs_, arrange_inputs(version_->engine->signature(), std::move(sent)));
    if (inputs_.empty()) return {};
    rows_ = rows_of(inputs_);
    return limits.check_rows(rows_);
}

// As the body says, else the header, else the server.
std::chrono::microseconds InferenceCall::time_limit() const {
    if (const auto timeout = exchange_->timeout()) return *timeout;
    return header_limit_.value_or(options_.timeout);
}

Status InferenceCall::check_time() const {
    const std::chrono::microseconds limit = time_limit();
    if (limit == limit.zero() || times_.total() <= limit) return {};
    return Error{.code = Code::deadline_exceeded,
                 .message = "the request waited for longer than its timeout of " + std::to_string(limit.count()) +
                            " microseconds"};
}

void InferenceCall::run() {
    auto outputs = version_->engine->run(inputs_);
    times_.engine = stage();
    if (!outputs.ok()) return fail(outputs.error());
    version_->counters.add_run(rows_);
    encode(*std::move(outputs));
}

void InferenceCall::take(std::vector<Tensor> outputs, std::chrono::nanoseconds engine) {
    times_.engine = engine;
    times_.queue += stage() - engine;
    encode(std::move(outputs));
}

void InferenceCall::encode(std::vector<Tensor> outputs) {
    auto response = exchange_->encode(*version_, outputs);
    times_.encode = stage();
    if (!response.ok()) return fail(response.error());
    answer(*std::move(response));
    if (mirror_ != nullptr) mirror_->shadow->offer(std::move(inputs_), std::move(outputs));
}

void InferenceCall::answer(Response response) {
    count(std::nullopt);
    keep_payload(response);
    compress_body(response);
    name_version(response);
    respond_(std::move(response));
}

void InferenceCall::fail(const Error& error) {
    count(error.code);
    Response response = exchange_->refuse(error);
    keep_payload(response);
    name_version(response);
    respond_(std::move(response));
}

void InferenceCall::keep_payload(const Response& response) const {
    if (options_.payloads == nullptr || !options_.payloads->wants_next()) return;
    auto kept = exchange_->kept(response);
    if (!kept) {
        const auto& answer = std::get<std::string>(response.body);
        kept = {.request = request_->body.substr(0, PayloadLog::longest_body),
                .response = answer.substr(0, PayloadLog::longest_body)};
    }
    options_.payloads->add({.time = SystemClock().now(),
                            .model = version_->model,
                            .version = version_->version,
                            .request_id = std::string(request_->id().value_or("")),
                            .status = response.status,
                            .request = std::move(kept->request),
                            .response = std::move(kept->response)});
}

void InferenceCall::compress_body(Response& response) const {
    auto& body = std::get<std::string>(response.body);
    if (body.size() < options_.compress_from) return;
    const Coding accepted = accepted_coding(request_->headers.get("Accept-Encoding").value_or(""));
    if (accepted == Coding::identity) return;
    body = compress(accepted, body);
    response.headers.add("Content-Encoding", coding_name(accepted));
}

void InferenceCall::name_version(Response& response) const {
    response.headers.add("Baton-Model-Version", std::to_string(version_->version));
    response.headers.add("Baton-Model-Digest", version_->digest_text);
}

void InferenceCall::count(std::optional<Code> failure) const {
    auto& counters = version_->counters;
    failure ? counters.add_failure(times_, *failure) : counters.add_success(times_, rows_);
    std::timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);  // some milliseconds old, and several times cheaper
    counters.last_request_ms.store(now.tv_sec * 1000 + now.tv_nsec / 1'000'000, std::memory_order_relaxed);
}

}  // namespace baton::server
