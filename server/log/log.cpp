#include "server/log/log.h"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

namespace baton::server {
namespace {

constexpr std::size_t queue_length = 8192;
constexpr const char* logger_name = "baton";

spdlog::level::level_enum level_of(LogLevel level) {
    switch (level) {
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            break;
    }
    return spdlog::level::err;
}

}  // namespace

void start_log() {
    spdlog::init_thread_pool(queue_length, 1);
    auto logger =
        std::make_shared<spdlog::async_logger>(logger_name, std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                               spdlog::thread_pool(), spdlog::async_overflow_policy::overrun_oldest);
    logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","message":%v})", spdlog::pattern_time_type::utc));
    spdlog::set_default_logger(std::move(logger));
}

void stop_log() { spdlog::shutdown(); }

void log_event(LogLevel level, const char* event, const LogFields& fields) {
    spdlog::logger* logger = spdlog::default_logger_raw();
    if (logger == nullptr || logger->name() != logger_name) return;
    nlohmann::ordered_json line = {{"event", event}};
    for (const auto& [name, value] : fields) {
        std::visit([&, key = name](const auto& plain) { line[key] = plain; }, value);
    }
    logger->log(level_of(level), "{}", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void log_failure(const std::string& message, std::string_view request_id) {
    log_event(LogLevel::error, "internal_error", {{"message", message}, {"request_id", std::string(request_id)}});
}

}  // namespace baton::server
