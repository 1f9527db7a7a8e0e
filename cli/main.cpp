// The command `baton`: hands the process's streams, environment and signals to cli::run.
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "cli/run.h"

namespace {

// A signal ends the process at once, unless a verb has asked whether one came: then that verb ends it in order.
std::atomic<bool> verb_watches{false};
std::atomic<bool> signalled{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void on_signal(int signal) {
    if (!verb_watches || signalled.exchange(true)) ::_exit(128 + signal);
}

std::optional<std::string> environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
    std::signal(SIGPIPE, SIG_IGN);
    baton::cli::Io io{.in = std::cin,
                      .out = std::cout,
                      .err = std::cerr,
                      .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
                      .err_is_terminal = ::isatty(STDERR_FILENO) == 1,
                      .environment = environment,
                      .pause = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); },
                      .stop_requested =
                          [] {
                              verb_watches = true;
                              return signalled.load();
                          }};
    return baton::cli::run(std::vector<std::string>(argv + 1, argv + argc), io);
}
