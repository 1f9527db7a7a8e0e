// The process's structured log: one JSON object a line on stderr.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace baton::server {

// Sets the log up. Writing happens on a thread of its own with a bounded queue; when that is full, the oldest lines go.
void start_log();
void stop_log();  // writes what is queued

// One line: what happened and with what. Thread-safe; outside of start_log() and stop_log() lines are dropped.
enum class LogLevel { info, warning, error };
using LogFields = std::vector<std::pair<const char*, std::variant<std::string, std::int64_t>>>;
void log_event(LogLevel level, const char* event, const LogFields& fields = {});

// A failure that clients are told nothing about but the id of their request.
void log_failure(const std::string& message, std::string_view request_id = {});

}  // namespace baton::server
