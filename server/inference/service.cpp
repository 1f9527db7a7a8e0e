#include "server/inference/service.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "inference/traffic.h"
#include "server/inference/batched_call.h"
#include "server/inference/call.h"
#include "server/inference/compression.h"
#include "server/inference/json_writer.h"

namespace baton::server {
namespace {

using inference::Destination;
using inference::ServedVersion;
using inference::ServedVersionPtr;
using inference::ServingState;
using inference::SlotStatus;

Error unavailable(std::string message, std::string hint = {}) {
    return {.code = Code::unavailable, .message = std::move(message), .hint = std::move(hint)};
}

std::string text_of(const InferenceTarget& target) {
    const std::string model = "'" + target.model + "'";
    if (target.version) return model + " version " + std::to_string(*target.version);
    return target.environment ? model + " in environment '" + *target.environment + "'" : model;
}

Error unknown(const InferenceTarget& target) {
    return not_found("Request for unknown model: " + text_of(target) + " is not found",
                     "a model answers once a version of it is live: `baton live` lists those that are");
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

// Whether the canary answers, and else whether the shadow sees it.
Destination share_out(const Request& request, Destination live) {
    const inference::Traffic& traffic = *live.traffic;
    const std::string_view header = traffic.sticky_header;
    const std::string_view key = header.empty() ? header : request.headers.get(header).value_or("");
    if (traffic.goes_to_canary(key)) return {traffic.canary, nullptr};
    if (!traffic.goes_to_shadow()) live.traffic = nullptr;
    return live;
}

Error overloaded() {
    return {.code = Code::resource_exhausted,
            .message = "the server has more requests than it can run",
            .hint = "try again shortly"};
}

// Versions wait for a worker in lanes of their own.
WorkerPool::Lane lane_of(const ServedVersion& version) { return &version; }

bool may_join_batch(const InferenceCall& call) {
    const auto& batcher = call.version().batcher;
    return batcher != nullptr && batcher->accepts(call.inputs());
}

}  // namespace

std::optional<std::uint32_t> parse_version(std::string_view segment) {
    return segment.starts_with('0') ? std::nullopt : parse_whole<std::uint32_t>(segment);
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
    if (auto version = table_.live_in(target.model, *target.environment)) return version;
    for (const SlotStatus& slot : live_set_.statuses()) {
        const bool named = slot.model == target.model && slot.environment == *target.environment;
        if (named && slot.role == inference::SlotRole::live) return not_served(slot);
    }
    return unknown(target);
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
    return unknown(target);
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
        Response refusal =
            exchange->refuse(invalid_argument("the body has a coding that is not supported", "gzip and deflate are"));
        refusal.status = 415;
        return respond(std::move(refusal));
    }
    auto destination = route(*request, target);
    if (!destination.ok()) return respond(exchange->refuse(destination.error()));

    InferenceCall call(options_, *std::move(destination), std::move(exchange), std::move(respond), request, *coding,
                       RequestMemory(memory_));
    if (const Status status = call.read_header_limit(); !status.ok()) return call.fail(status.error());
    const bool decoded = request->body.size() <= options_.inline_body && *coding == Coding::identity;
    if (decoded) {
        if (const Status status = call.decode(); !status.ok()) return call.fail(status.error());
        if (may_join_batch(call)) return join_batch(std::move(call), Standing::fresh);
        if (runs_inline(call.version(), call.rows())) return call.run();
    }
    submit(std::make_shared<InferenceCall>(std::move(call)), decoded);
}

bool InferenceService::runs_inline(const ServedVersion& version, std::size_t rows) const {
    if (rows > options_.inline_rows) return false;
    return version.cost_per_row <= options_.inline_cost / static_cast<std::int64_t>(std::max<std::size_t>(rows, 1));
}

void InferenceService::submit(const std::shared_ptr<InferenceCall>& call, bool decoded) const {
    const bool accepted = pool_.submit(
        [this, call, decoded] {
            call->waited();
            if (const Status status = call->check_time(); !status.ok()) return call->fail(status.error());
            if (!decoded) {
                if (const Status status = call->decode(); !status.ok()) return call->fail(status.error());
            }
            if (const Status status = call->check_time(); !status.ok()) return call->fail(status.error());
            if (!decoded && may_join_batch(*call)) return join_batch(std::move(*call), Standing::accepted);
            call->run();
        },
        lane_of(call->version()));
    if (!accepted) call->fail(overloaded());
}

void InferenceService::join_batch(InferenceCall call, Standing standing) const {
    const auto batcher = call.version().batcher;
    const WorkerPool::Lane lane = lane_of(call.version());
    const auto request = std::make_shared<BatchedCall>(std::move(call));
    if (!batcher->add(request, [&] { return call_worker(batcher, lane, standing); })) request->refuse(overloaded());
}

bool InferenceService::call_worker(const std::shared_ptr<inference::Batcher>& batcher, WorkerPool::Lane lane,
                                   Standing standing) const {
    auto run = [this, batcher, lane] { batcher->run([&] { return call_worker(batcher, lane, Standing::accepted); }); };
    return standing == Standing::fresh ? pool_.submit(std::move(run), lane) : pool_.submit_step(std::move(run), lane);
}

Response error_response(int status, std::string body) {
    Response response = Response::json(status, std::move(body));
    if (status == 503 || status == 429) response.headers.add("Retry-After", "1");
    if (status == 401) response.headers.add("WWW-Authenticate", "Bearer");
    return response;
}

}  // namespace baton::server
