#include "cli/progress.h"

#include <algorithm>
#include <ostream>

#include "cli/style.h"

namespace baton::cli {
namespace {

constexpr std::size_t bar_width = 30;
constexpr std::chrono::milliseconds redraw{100};

}  // namespace

// The first redraw comes late, so that short transfers show nothing.
Progress::Progress(Io& io, std::string label, std::uint64_t total)
    : io_(io), label_(std::move(label)), total_(total), next_(std::chrono::steady_clock::now() + 3 * redraw) {}

Progress::~Progress() {
    if (drawn_) io_.err << "\r\x1b[K" << std::flush;
}

void Progress::show(std::uint64_t done) {
    done_ = done;
    if (!io_.err_is_terminal) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + redraw;
    draw();
}

void Progress::show(std::uint64_t done, std::uint64_t total) {
    total_ = total;
    show(done);
}

void Progress::draw() {
    const double share = total_ == 0 ? 1.0 : static_cast<double>(std::min(done_, total_)) / static_cast<double>(total_);
    const auto filled = static_cast<std::size_t>(share * static_cast<double>(bar_width));
    io_.err << "\r\x1b[K" << label_ << " [" << std::string(filled, '#') << std::string(bar_width - filled, '.') << "] "
            << static_cast<int>(share * 100) << " %  " << human_size(done_) << " of " << human_size(total_)
            << std::flush;
    drawn_ = true;
}

}  // namespace baton::cli
