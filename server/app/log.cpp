#include "server/app/log.h"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

namespace baton::server {
namespace {

constexpr std::size_t queue_length = 8192;

std::string quoted(std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// %* — the message as a JSON string, unless it is an object already.
class JsonMessage : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
        const std::string_view text(message.payload.data(), message.payload.size());
        const std::string value = text.starts_with('{') ? std::string(text) : quoted(text);
        out.append(value.data(), value.data() + value.size());
    }
    std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonMessage>(); }
};

}  // namespace

void start_log() {
    spdlog::init_thread_pool(queue_length, 1);
    auto logger =
        std::make_shared<spdlog::async_logger>("baton", std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                               spdlog::thread_pool(), spdlog::async_overflow_policy::overrun_oldest);
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    formatter->add_flag<JsonMessage>('*').set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","message":%*})");
    logger->set_formatter(std::move(formatter));
    spdlog::set_default_logger(std::move(logger));
}

void stop_log() { spdlog::shutdown(); }

void log_access(const Request& request, const Answered& answered) {
    auto id = answered.headers.get("X-Request-Id");  // the one the answer carries: the request's own or a made one
    if (!id) id = request.headers.get("X-Request-Id");
    const nlohmann::json line = {{"event", "request"},
                                 {"method", method_name(request.method)},
                                 {"target", request.target},
                                 {"status", answered.status},
                                 {"microseconds", answered.took.count() / 1000},
                                 {"peer", request.peer},
                                 {"request_id", id ? nlohmann::json(*id) : nlohmann::json(nullptr)}};
    spdlog::info("{}", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace baton::server
