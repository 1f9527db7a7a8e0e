#include "server/inference/service.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/clock.h"
#include "server/inference/json_writer.h"

namespace baton::server {
namespace {

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
    return target.version ? model + " version " + std::to_string(*target.version) : model;
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
            break;
    }
    if (slot.message != inference::files_only) return unavailable(name + " is just being replaced", "try again");
    return failed_precondition(name + " has no model that an engine runs", "download its files instead");
}

bool is_compressed(const Request& request) {
    const auto encoding = request.headers.get("Content-Encoding");
    return encoding && !equal_ignoring_case(*encoding, "identity");
}

std::size_t rows_of(const std::vector<Tensor>& inputs) {
    const auto& shape = inputs.front().shape();
    return shape.empty() ? 1 : static_cast<std::size_t>(shape.front());
}

}  // namespace

// A request on its way through the three steps.
struct InferenceService::Call {
    const Options& options;
    ServedVersionPtr version;
    std::unique_ptr<InferenceExchange> exchange;
    Responder respond;
    std::shared_ptr<Request> request;
    std::vector<Tensor> inputs = {};  // once decoded
    std::size_t rows = 0;

    Status decode() {
        const auto& signature = version->engine->signature();
        BATON_ASSIGN(std::vector<Tensor> sent, exchange->decode(request->body, signature));
        BATON_ASSIGN(inputs, arrange_inputs(signature, std::move(sent)));
        if (inputs.empty()) return {};
        rows = rows_of(inputs);
        if (rows <= options.max_rows) return {};
        return invalid_argument("the request has " + std::to_string(rows) + " rows",
                                "send at most " + std::to_string(options.max_rows));
    }

    Result<std::string> run() {
        const auto start = std::chrono::steady_clock::now();
        auto outputs = version->engine->run(inputs);
        const std::chrono::nanoseconds taken = std::chrono::steady_clock::now() - start;
        version->counters.nanoseconds.fetch_add(static_cast<std::uint64_t>(taken.count()), std::memory_order_relaxed);
        if (!outputs.ok()) return std::move(outputs).error();
        return exchange->encode(*version, *outputs);
    }

    void answer(Result<std::string> body_of_answer) {
        count(body_of_answer.ok());
        if (!body_of_answer.ok()) return fail(body_of_answer.error());
        Response response = Response::json(200, *std::move(body_of_answer));
        name_version(response);
        respond(std::move(response));
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

    void count(bool success) const {
        auto& counters = version->counters;
        constexpr auto order = std::memory_order_relaxed;
        counters.requests.fetch_add(1, order);
        if (success) counters.rows.fetch_add(rows, order);
        if (!success) counters.failures.fetch_add(1, order);
        const auto now = std::chrono::floor<std::chrono::milliseconds>(SystemClock().now());
        counters.last_request_ms.store(now.time_since_epoch().count(), order);
    }
};

std::optional<std::uint32_t> parse_version(std::string_view segment) {
    std::uint32_t version = 0;
    const auto* end = segment.data() + segment.size();
    const auto [stop, error] = std::from_chars(segment.data(), end, version);
    if (error != std::errc() || stop != end || segment.starts_with('0')) return std::nullopt;
    return version;
}

InferenceService::InferenceService(const inference::LiveTable& table, const inference::LiveSet& live_set,
                                   WorkerPool& pool, Authorize authorize, Options options)
    : table_(table), live_set_(live_set), pool_(pool), authorize_(std::move(authorize)), options_(std::move(options)) {}

Result<ServedVersionPtr> InferenceService::find(const InferenceTarget& target) const {
    auto version = target.version ? table_.version(target.model, *target.version) : table_.live(target.model);
    if (version != nullptr) return version;
    for (const SlotStatus& slot : live_set_.statuses()) {
        const bool named = target.version ? slot.version == *target.version : slot.environment == options_.environment;
        if (named && slot.model == target.model) return not_served(slot);
    }
    return not_found("Request for unknown model: " + text_of(target) + " is not found");
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
    std::ranges::sort(states, {}, [](const VersionState& state) { return std::tie(state.model, state.version); });
    return states;
}

Result<std::vector<VersionState>> InferenceService::visible_versions(const Request& request) const {
    std::vector<VersionState> visible;
    for (VersionState& state : versions({})) {
        const Status status = authorize_(request, state.model);
        if (status.ok()) {
            visible.push_back(std::move(state));
        } else if (status.error().code == Code::unauthenticated) {
            return status.error();
        }
    }
    return visible;
}

void InferenceService::infer(const std::shared_ptr<Request>& request, const InferenceTarget& target,
                             std::unique_ptr<InferenceExchange> exchange, Responder respond) const {
    if (const Status status = authorize_(*request, target.model); !status.ok()) {
        return respond(exchange->refuse(status.error()));
    }
    if (is_compressed(*request)) {
        return respond(error_response(415, error_body(invalid_argument("compressed bodies are not supported"))));
    }
    auto version = find(target);
    if (!version.ok()) return respond(exchange->refuse(version.error()));

    Call call{options_, *std::move(version), std::move(exchange), std::move(respond), request};
    const bool decoded = request->body.size() <= options_.inline_body;
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
    const bool accepted = pool_.submit([call, decoded] {
        if (!decoded) {
            if (Status status = call->decode(); !status.ok()) return call->answer(std::move(status).error());
        }
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
