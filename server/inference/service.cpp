#include "server/inference/service.h"

#include <algorithm>
#include <charconv>

#include "base/error_codes.h"
#include "server/inference/json_writer.h"

namespace baton::server {
namespace {

using inference::ServedVersion;
using inference::ServedVersionPtr;

// A number takes about this many characters of JSON, so a body cannot hold more rows than this allows.
constexpr std::size_t characters_per_number = 2;
constexpr std::chrono::nanoseconds decoding_per_character{2};

std::chrono::nanoseconds expected_cost(const ServedVersion& version, std::size_t body_size) {
    std::size_t numbers_per_row = 0;
    for (const auto& input : version.engine->signature().inputs) {
        std::size_t count = 1;
        for (std::size_t i = 1; i < input.shape.size(); ++i) {
            count *= static_cast<std::size_t>(std::max<std::int64_t>(input.shape[i], 1));
        }
        numbers_per_row += count;
    }
    const std::size_t rows = body_size / (characters_per_number * std::max<std::size_t>(numbers_per_row, 1)) + 1;
    return version.cost_per_row * static_cast<std::int64_t>(rows) +
           decoding_per_character * static_cast<std::int64_t>(body_size);
}

Error unknown_version(std::string_view model, std::optional<std::uint32_t> version) {
    std::string message = "Request for unknown model: '" + std::string(model) + "'";
    if (version) message += " version " + std::to_string(*version);
    return not_found(message + " is not found", "only live versions, and those kept warm for a rollback, are served");
}

std::int64_t rows_of(const std::vector<inference::Tensor>& inputs) {
    return inputs.empty() || inputs[0].shape().empty() ? 1 : inputs[0].shape()[0];
}

}  // namespace

InferenceService::InferenceService(const inference::LiveTable& table, const inference::LiveSet& live_set,
                                   WorkerPool& pool, Authorize authorize, Options options)
    : table_(table), live_set_(live_set), pool_(pool), authorize_(std::move(authorize)), options_(std::move(options)) {}

Result<ServedVersionPtr> InferenceService::find(std::string_view model, std::optional<std::uint32_t> version) const {
    ServedVersionPtr found = version ? table_.version(model, *version) : table_.live(model);
    if (found) return found;
    for (const inference::SlotStatus& status : live_set_.statuses()) {
        const bool asked = status.model == model &&
                           (version ? status.version == *version : status.environment == options_.environment);
        if (!asked) continue;
        if (status.message == inference::files_only) {
            return failed_precondition("the live version of '" + std::string(model) +
                                       "' is only files: no engine runs it");
        }
        return Error{.code = Code::unavailable,
                     .message = "version " + std::to_string(status.version) + " of '" + std::string(model) + "' is " +
                                std::string(inference::serving_state_name(status.state)) +
                                (status.message.empty() ? "" : ": " + status.message)};
    }
    return unknown_version(model, version);
}

void InferenceService::answer(Request&& request, Responder responder, const ServedVersionPtr& version,
                              const Answer& answer, const Refuse& refuse) const {
    if (expected_cost(*version, request.body.size()) <= options_.inline_cost) {
        responder(answer(request, *version));
        return;
    }
    struct Work {
        Request request;
        Responder responder;
    };
    auto work = std::make_shared<Work>(Work{std::move(request), std::move(responder)});
    const bool taken = pool_.submit([work, version, answer] { work->responder(answer(work->request, *version)); });
    if (!taken) {
        work->responder(
            refuse({.code = Code::resource_exhausted, .message = "too many requests are waiting; try again"}));
    }
}

Result<std::vector<inference::Tensor>> run_model(const ServedVersion& version, std::vector<inference::Tensor> inputs) {
    using SteadyClock = std::chrono::steady_clock;
    constexpr auto relaxed = std::memory_order_relaxed;
    ServedVersion::Counters& counters = version.counters;
    const auto run = [&]() -> Result<std::vector<inference::Tensor>> {
        BATON_ASSIGN(std::vector<inference::Tensor> arranged,
                     inference::arrange_inputs(version.engine->signature(), std::move(inputs)));
        const auto start = SteadyClock::now();
        Result<std::vector<inference::Tensor>> outputs = version.engine->run(arranged);
        counters.nanoseconds.fetch_add(static_cast<std::uint64_t>((SteadyClock::now() - start).count()), relaxed);
        counters.rows.fetch_add(static_cast<std::uint64_t>(rows_of(arranged)), relaxed);
        return outputs;
    };
    Result<std::vector<inference::Tensor>> outputs = run();
    counters.requests.fetch_add(1, relaxed);
    if (!outputs.ok()) counters.failures.fetch_add(1, relaxed);
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    counters.last_request_ms.store(std::chrono::duration_cast<std::chrono::milliseconds>(now).count(), relaxed);
    return outputs;
}

Response inference_response(const ServedVersion& version, std::string body) {
    Response response = Response::json(200, std::move(body));
    response.headers.set("Baton-Model-Version", std::to_string(version.version));
    response.headers.set("Baton-Model-Digest", version.digest.text());
    return response;
}

Response inference_error(const Error& error) {
    Response response = Response::json(http_status(error.code), error_body(error));
    if (error.code == Code::unauthenticated) response.headers.set("WWW-Authenticate", "Bearer realm=\"baton\"");
    if (response.status == 503) response.headers.set("Retry-After", "1");
    return response;
}

Result<std::optional<std::uint32_t>> version_parameter(const Request& request) {
    const std::string_view text = request.parameter("version");
    if (text.empty()) return std::optional<std::uint32_t>();
    std::uint32_t number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || stop != text.data() + text.size() || number == 0) {
        return not_found("'" + std::string(text) + "' is no version: versions are numbers from 1 up");
    }
    return std::optional(number);
}

}  // namespace baton::server
