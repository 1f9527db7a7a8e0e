#include "server/inference/service.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ctime>
#include <utility>

#include "base/clock.h"
#include "inference/traffic.h"
#include "server/inference/compression.h"
#include "server/inference/json_writer.h"

namespace baton::server {
namespace {

using inference::Destination;
using inference::ServedVersion;
using inference::ServedVersionPtr;
using inference::ServingState;
using inference::SlotStatus;
using inference::Tensor;

Error unavailable(std::string message, std::string hint = {}) {
    return {.code = Code::unavailable, .message = std::move(message), .hint = std::move(hint)};
}

std::string text_of(const InferenceTarget& target) {
    const std::string model = "'" + target.model + "'";
    if (target.version) return model + " version " + std::to_string(*target.version);
    return target.environment ? model + " in environment '" + *target.environment + "'" : model;
}

// Why a slot that should be served is not in the table.
Error not_served(const SlotStatus& slot) {
    const std::string name = "model '" + slot.model + "' version " + std::to_string(slot.version);
    switch (slot.state) {
        case ServingState::loading:
            return unavailable(name + " is loading", "try again shortly");
        case ServingState::failed:
            return unavailable(name + " failed to load: " + slot.message);
        case ServingState::ready:
        case ServingState::draining:
            break;
    }
    if (slot.message != inference::files_only) return unavailable(name + " is just being replaced", "try again");
    return failed_precondition(name + " has no model that an engine runs", "download its files instead");
}

constexpr std::string_view timeout_header = "Baton-Timeout-Ms";
constexpr std::int64_t most_milliseconds = 3'600'000;

std::size_t rows_of(const std::vector<Tensor>& inputs) {
    const auto& shape = inputs.front().shape();
    return shape.empty() ? 1 : static_cast<std::size_t>(shape.front());
}

// Whether the canary answers, and else whether the shadow sees it.
Destination share_out(const Request& request, Destination live) {
    const inference::Traffic& traffic = *live.traffic;
    const std::string_view header = traffic.sticky_header;
    const std::string_view key = header.empty() ? header : request.headers.get(header).value_or("");
    if (traffic.goes_to_canary(key)) return {traffic.canary, nullptr};
    if (!traffic.goes_to_shadow()) live.traffic = nullptr;
    return live;
}

}  // namespace

// A request on its way through the three steps.
struct InferenceService::Call {
    const Options& options;
    ServedVersionPtr version;
    std::unique_ptr<InferenceExchange> exchange;
    Responder respond;
    std::shared_ptr<Request> request;
    Coding coding = Coding::identity;  // of the body
    RequestMemory memory;
    std::shared_ptr<const inference::Traffic> mirror = nullptr;  // whose shadow gets what was asked and answered
    std::chrono::steady_clock::time_point stage_began = std::chrono::steady_clock::now();
    std::vector<Tensor> inputs = {};   // once decoded
    std::vector<Tensor> outputs = {};  // once run, if there is a mirror
    std::size_t rows = 0;
    inference::RequestTimes times = {};
    std::optional<std::chrono::microseconds> header_limit = {};

    // The time since the last stage ended, which ends this one.
    std::chrono::nanoseconds stage() {
        const auto now = std::chrono::steady_clock::now();
        return now - std::exchange(stage_began, now);
    }

    Status decode() {
        const Status status = decode_inputs();
        times.decode = stage();
        return status;
    }

    Status decode_inputs() {
        const DecodeLimits limits{.memory = &memory, .max_rows = options.max_rows};
        if (coding != Coding::identity) {
            BATON_ASSIGN(request->body, decompress(coding, request->body, options.body_limit, limits));
        }
        const auto& signature = version->engine->signature();
        BATON_ASSIGN(std::vector<Tensor> sent, exchange->decode(request->body, signature, limits));
        BATON_ASSIGN(inputs, arrange_inputs(signature, std::move(sent)));
        if (inputs.empty()) return {};
        rows = rows_of(inputs);
        return limits.check_rows(rows);
    }

    // How long the answer is of use: as the body says, else the header, else the server.
    std::chrono::microseconds time_limit() const {
        if (const auto timeout = exchange->timeout()) return *timeout;
        return header_limit.value_or(options.timeout);
    }

    // The time that it waited in the queue may have been all that it had.
    Status check_time() const {
        const std::chrono::microseconds limit = time_limit();
        if (limit == limit.zero() || times.total() <= limit) return {};
        return Error{.code = Code::deadline_exceeded,
                     .message = "the request waited for longer than its timeout of " + std::to_string(limit.count()) +
                                " microseconds"};
    }

    Status read_header_limit() {
        const auto text = request->headers.get(timeout_header);
        if (!text) return {};
        std::int64_t milliseconds = 0;
        const char* end = text->data() + text->size();
        const auto [stop, error] = std::from_chars(text->data(), end, milliseconds);
        if (error != std::errc() || stop != end || milliseconds < 1 || milliseconds > most_milliseconds) {
            return invalid_argument(std::string(timeout_header) + " must be a whole number of milliseconds, 1 to " +
                                    std::to_string(most_milliseconds));
        }
        header_limit = std::chrono::milliseconds(milliseconds);
        return {};
    }

    Result<Response> run() {
        auto answers = version->engine->run(inputs);
        times.engine = stage();
        if (!answers.ok()) return std::move(answers).error();
        auto response = exchange->encode(*version, *answers);
        times.encode = stage();
        if (mirror != nullptr) outputs = *std::move(answers);
        return response;
    }

    void answer(Result<Response> response) {
        count(response.ok() ? std::nullopt : std::optional(response.error().code));
        if (!response.ok()) return fail(response.error());
        if (options.payloads != nullptr && options.payloads->wants_next()) keep_payload(*response);
        compress_body(*response);
        name_version(*response);
        respond(*std::move(response));
        if (mirror != nullptr) mirror->shadow->offer(std::move(inputs), std::move(outputs));
    }

    void keep_payload(const Response& response) const {
        options.payloads->add({.time = SystemClock().now(),
                               .model = version->model,
                               .version = version->version,
                               .request_id = std::string(request->id().value_or("")),
                               .request = request->body,
                               .response = std::get<std::string>(response.body)});
    }

    void compress_body(Response& response) const {
        auto& body = std::get<std::string>(response.body);
        if (body.size() < options.compress_from) return;
        const Coding accepted = accepted_coding(request->headers.get("Accept-Encoding").value_or(""));
        if (accepted == Coding::identity) return;
        body = compress(accepted, body);
        response.headers.add("Content-Encoding", coding_name(accepted));
    }

    void fail(const Error& error) {
        Response response = exchange->refuse(error);
        name_version(response);
        respond(std::move(response));
    }

    void name_version(Response& response) const {
        response.headers.add("Baton-Model-Version", std::to_string(version->version));
        response.headers.add("Baton-Model-Digest", version->digest_text);
    }

    void count(std::optional<Code> failure) const {
        auto& counters = version->counters;
        failure ? counters.add_failure(times, *failure) : counters.add_success(times, rows);
        std::timespec now{};
        ::clock_gettime(CLOCK_REALTIME_COARSE, &now);  // some milliseconds old, and several times cheaper
        counters.last_request_ms.store(now.tv_sec * 1000 + now.tv_nsec / 1'000'000, std::memory_order_relaxed);
    }
};

std::optional<std::uint32_t> parse_version(std::string_view segment) {
    std::uint32_t version = 0;
    const auto* end = segment.data() + segment.size();
    const auto [stop, error] = std::from_chars(segment.data(), end, version);
    if (error != std::errc() || stop != end || segment.starts_with('0')) return std::nullopt;
    return version;
}

Result<InferenceTarget> parse_target(std::string_view model, std::string_view version) {
    InferenceTarget target{.model = std::string(model)};
    if (version.empty()) return target;
    target.version = parse_version(version);
    if (target.version) return target;
    return not_found("Request for unknown model: '" + target.model + "' version '" + std::string(version) +
                     "' is not found");
}

InferenceService::InferenceService(const inference::LiveTable& table, const inference::LiveSet& live_set,
                                   WorkerPool& pool, Authorize authorize, Options options)
    : table_(table),
      live_set_(live_set),
      pool_(pool),
      authorize_(std::move(authorize)),
      options_(std::move(options)),
      memory_(options_.decode_memory) {}

Result<ServedVersionPtr> InferenceService::find_in_environment(const InferenceTarget& target) const {
    for (const SlotStatus& slot : live_set_.statuses()) {
        if (slot.role != inference::SlotRole::live) continue;
        if (slot.model != target.model || slot.environment != *target.environment) continue;
        if (auto version = table_.version(slot.model, slot.version)) return version;
        return not_served(slot);
    }
    return not_found("Request for unknown model: " + text_of(target) + " is not found");
}

Result<ServedVersionPtr> InferenceService::find(const InferenceTarget& target) const {
    if (target.environment && !target.version) return find_in_environment(target);
    auto version = target.version ? table_.version(target.model, *target.version) : table_.live(target.model);
    if (version != nullptr) return version;
    for (const SlotStatus& slot : live_set_.statuses()) {
        const bool is_live = slot.role == inference::SlotRole::live && slot.environment == options_.environment;
        const bool named = target.version ? slot.version == *target.version : is_live;
        if (named && slot.model == target.model) return not_served(slot);
    }
    return not_found("Request for unknown model: " + text_of(target) + " is not found");
}

Result<Destination> InferenceService::route(const Request& request, const InferenceTarget& target) const {
    if (!target.version && !target.environment) {
        Destination destination = table_.destination(target.model);
        if (destination.traffic != nullptr) [[unlikely]]
            destination = share_out(request, std::move(destination));
        if (destination.version != nullptr) return destination;
    }
    BATON_ASSIGN(ServedVersionPtr version, find(target));  // or why there is none
    return Destination{std::move(version), nullptr};
}

std::vector<VersionState> InferenceService::versions(std::string_view model) const {
    std::vector<VersionState> states;
    const auto routes = table_.routes();
    for (const auto& entry : routes->entries) {
        if (!model.empty() && entry.model != model) continue;
        for (const auto& version : entry.versions) {
            states.push_back({entry.model, version->version, ServingState::ready, {}});
        }
    }
    for (const SlotStatus& slot : live_set_.statuses()) {
        if (slot.state == ServingState::ready || (!model.empty() && slot.model != model)) continue;
        const bool known = std::ranges::any_of(states, [&](const VersionState& state) {
            return state.model == slot.model && state.version == slot.version;
        });
        if (!known) states.push_back({slot.model, slot.version, slot.state, slot.message});
    }
    for (const inference::DepartingVersion& departing : live_set_.departing()) {
        if (departing.warm || (!model.empty() && departing.model != model)) continue;
        states.push_back({departing.model, departing.version, ServingState::draining,
                          std::to_string(departing.in_flight) + " requests in flight"});
    }
    std::ranges::sort(states, {}, [](const VersionState& state) { return std::tie(state.model, state.version); });
    return states;
}

Result<std::vector<VersionState>> InferenceService::visible_versions(const Request& request) const {
    std::vector<VersionState> visible;
    if (const Status anyone = authorize_(request, {}); !anyone.ok() && anyone.error().code == Code::unauthenticated) {
        return anyone.error();
    }
    for (VersionState& state : versions({})) {
        const Status status = authorize_(request, state.model);
        if (status.ok()) visible.push_back(std::move(state));
    }
    return visible;
}

void InferenceService::infer(const std::shared_ptr<Request>& request, const InferenceTarget& target,
                             std::unique_ptr<InferenceExchange> exchange, Responder respond) const {
    if (const Status status = authorize_(*request, target.model); !status.ok()) {
        return respond(exchange->refuse(status.error()));
    }
    const auto coding = parse_coding(request->headers.get("Content-Encoding").value_or(""));
    if (!coding) {
        return respond(error_response(
            415, error_body(invalid_argument("the body has a coding that is not supported", "gzip and deflate are"))));
    }
    auto destination = route(*request, target);
    if (!destination.ok()) return respond(exchange->refuse(destination.error()));

    Call call{options_,
              std::move(destination->version),
              std::move(exchange),
              std::move(respond),
              request,
              *coding,
              RequestMemory(memory_),
              std::move(destination->traffic)};
    const bool decoded = request->body.size() <= options_.inline_body && *coding == Coding::identity;
    if (decoded) {
        if (Status status = call.decode(); !status.ok()) return call.answer(std::move(status).error());
        if (runs_inline(*call.version, call.rows)) return call.answer(call.run());
    }
    submit(std::make_shared<Call>(std::move(call)), decoded);
}

bool InferenceService::runs_inline(const ServedVersion& version, std::size_t rows) const {
    if (rows > options_.inline_rows) return false;
    return version.cost_per_row <= options_.inline_cost / static_cast<std::int64_t>(std::max<std::size_t>(rows, 1));
}

void InferenceService::submit(const std::shared_ptr<Call>& call, bool decoded) const {
    if (Status status = call->read_header_limit(); !status.ok()) return call->answer(std::move(status).error());
    const bool accepted = pool_.submit([call, decoded] {
        call->times.queue = call->stage();
        if (Status status = call->check_time(); !status.ok()) return call->answer(std::move(status).error());
        if (!decoded) {
            if (Status status = call->decode(); !status.ok()) return call->answer(std::move(status).error());
        }
        if (Status status = call->check_time(); !status.ok()) return call->answer(std::move(status).error());
        call->answer(call->run());
    });
    if (accepted) return;
    call->answer(Error{.code = Code::resource_exhausted,
                       .message = "the server has more requests than it can run",
                       .hint = "try again shortly"});
}

Response error_response(int status, std::string body) {
    Response response = Response::json(status, std::move(body));
    if (status == 503 || status == 429) response.headers.add("Retry-After", "1");
    if (status == 401) response.headers.add("WWW-Authenticate", "Bearer");
    return response;
}

}  // namespace baton::server
