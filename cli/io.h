// Everything of the outside world that a run of the command touches, so that tests can stand in for it.
#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

namespace baton::cli {

struct Io {
    std::istream& in;
    std::ostream& out;  // what the verb answers
    std::ostream& err;  // errors, notes and progress
    bool out_is_terminal = false;
    bool err_is_terminal = false;
    std::function<std::optional<std::string>(const std::string&)> environment;
    std::function<void(std::chrono::milliseconds)> pause;  // between attempts
    // True once an interrupt or termination signal came. Whoever asks takes over from ending the process at once.
    std::function<bool()> stop_requested;
};

}  // namespace baton::cli
