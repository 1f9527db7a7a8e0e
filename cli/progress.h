// A progress bar on stderr; silent when that is no terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/io.h"

namespace baton::cli {

class Progress {
public:
    Progress(Io& io, std::string label, std::uint64_t total);
    ~Progress();  // takes the bar off the screen
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void add(std::uint64_t bytes) { show(done_ + bytes); }
    void show(std::uint64_t done);  // bytes so far
    void show(std::uint64_t done, std::uint64_t total);

private:
    void draw();

    Io& io_;
    std::string label_;
    std::uint64_t total_;
    std::uint64_t done_ = 0;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point next_;
};

}  // namespace baton::cli
