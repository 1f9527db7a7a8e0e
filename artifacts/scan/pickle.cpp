#include "artifacts/scan/pickle.h"

#include <algorithm>
#include <vector>

#include "artifacts/scan/pickle_opcodes.h"
#include "base/encoding.h"

namespace baton::artifacts {
namespace {

using pickle::Argument;
using pickle::Effect;
using pickle::Opcode;

constexpr std::size_t max_groups = 1'000'000;  // nested; only an attack has more

bool all_of_class(std::string_view text, std::string_view allowed) {
    return text.find_first_not_of(allowed) == std::string_view::npos;
}

// As lenient as Python's own readers of numbers, or more so.
bool is_integer(std::string_view text) {
    return text.find_first_of("0123456789") != std::string_view::npos &&
           all_of_class(text, "0123456789abcdefABCDEFxXoO_+-L \t\r\v\f");
}
bool is_float(std::string_view text) {
    return text.find_first_of("0123456789nN") != std::string_view::npos &&
           all_of_class(text, "0123456789.eE_+-infatyINFATY \t\r\v\f");
}
bool is_quoted(std::string_view text) {
    while (!text.empty() && text.find_last_of(" \t\r\v\f") == text.size() - 1) text.remove_suffix(1);
    return text.size() >= 2 && text.front() == text.back() && (text.front() == '\'' || text.front() == '"');
}
bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

class Walk {
public:
    Walk(std::string_view head, std::uint64_t total) : head_(head), total_(total) {}

    PickleVerdict run() {
        while (step()) {
        }
        if (imports_ && acts_) return PickleVerdict::pickle;
        if (state_ == State::cut) return PickleVerdict::undecided;
        if (state_ == State::too_deep) return PickleVerdict::pickle;
        if (pickles_ > 0 && (imports_ || says_protocol_ || state_ == State::ended)) return PickleVerdict::pickle;
        return PickleVerdict::none;
    }

private:
    enum class State { walking, broken, cut, too_deep, ended };

    bool leave(State state) {
        state_ = state;
        return false;
    }

    // One opcode; false when the walk is over.
    bool step() {
        if (at_ == head_.size()) return leave(at_ < total_ ? State::cut : fresh_ ? State::ended : State::broken);
        if (fresh_ && only_blanks_left()) return leave(State::ended);
        const Opcode& opcode = pickle::opcodes[static_cast<unsigned char>(head_[at_])];
        if (opcode.effect == Effect::unknown) return leave(State::broken);
        if (opcode.argument == Argument::protocol && at_ == 0) says_protocol_ = true;
        ++at_;
        if (!skip_argument(opcode.argument) || !apply(opcode)) return false;
        imports_ |= opcode.imports;
        acts_ |= opcode.acts && imports_;
        remembered_ |= opcode.remembers;
        return true;
    }

    bool only_blanks_left() const {
        return head_.size() == total_ && head_.find_first_not_of(" \t\r\n", at_) == std::string_view::npos;
    }

    bool skip(std::uint64_t count) {
        if (count > total_ - at_) return leave(State::broken);
        if (count > head_.size() - at_) return leave(State::cut);
        at_ += count;
        return true;
    }

    bool read_count(std::size_t width, std::uint64_t& count) {
        const std::size_t start = at_;
        if (!skip(width)) return false;
        count = 0;
        for (std::size_t i = width; i-- > 0;) count = count << 8 | static_cast<unsigned char>(head_[start + i]);
        return true;
    }

    bool skip_counted(std::size_t width) {
        std::uint64_t count = 0;
        return read_count(width, count) && skip(count);
    }

    bool skip_line(bool (*is_good)(std::string_view)) {
        const std::size_t end = head_.find('\n', at_);
        if (end == std::string_view::npos) return leave(head_.size() < total_ ? State::cut : State::broken);
        if (!is_good(head_.substr(at_, end - at_))) return leave(State::broken);
        at_ = end + 1;
        return true;
    }

    bool skip_argument(Argument argument) {
        std::uint64_t number = 0;
        switch (argument) {
            case Argument::none:
                return true;
            case Argument::bytes1:
                return skip(1);
            case Argument::bytes2:
                return skip(2);
            case Argument::bytes4:
                return skip(4);
            case Argument::bytes8:
                return skip(8);
            case Argument::counted1:
                return skip_counted(1);
            case Argument::counted4:
                return skip_counted(4);
            case Argument::counted8:
                return skip_counted(8);
            case Argument::frame:
                return read_count(8, number) && (number <= total_ - at_ || leave(State::broken));
            case Argument::protocol:
                return read_count(1, number) && (number <= 5 || leave(State::broken));
            case Argument::integer_line:
                return skip_line(is_integer);
            case Argument::float_line:
                return skip_line(is_float);
            case Argument::quoted_line:
                return skip_line(is_quoted);
            case Argument::ascii_line:
                return skip_line(is_ascii);
            case Argument::text_line:
                return skip_line([](std::string_view) { return true; });  // not UTF-8 by rule
            case Argument::two_text_lines:
                return skip_line(is_valid_utf8) && skip_line(is_valid_utf8);
        }
        return leave(State::broken);
    }

    bool close_group(std::size_t least) {
        if (groups_.size() == 1 || groups_.back() < least) return leave(State::broken);
        groups_.pop_back();
        return true;
    }

    bool apply(const Opcode& opcode) {
        fresh_ = false;
        if (opcode.recalls && !remembered_) return leave(State::broken);
        if (opcode.is_extension && !says_protocol_ && !imports_) return leave(State::broken);
        switch (opcode.effect) {
            case Effect::mark:
                if (groups_.size() >= max_groups) return leave(State::too_deep);
                groups_.push_back(0);
                return true;
            case Effect::pop:
                if (groups_.back() == 0) return close_group(0);
                --groups_.back();
                return true;
            case Effect::close:
            case Effect::close_call:
                if (!close_group(opcode.effect == Effect::close_call ? 1 : 0)) return false;
                break;
            case Effect::stop:
                if (groups_.back() < 1) return leave(State::broken);
                end_pickle();
                return true;
            case Effect::plain:
            case Effect::unknown:
                break;
        }
        if (groups_.back() < opcode.needs) return leave(State::broken);
        groups_.back() += opcode.puts;
        groups_.back() -= opcode.takes;
        return true;
    }

    // Files such as old torch models hold several, one behind the other.
    void end_pickle() {
        ++pickles_;
        groups_.assign(1, 0);
        remembered_ = false;
        fresh_ = true;
    }

    const std::string_view head_;
    const std::uint64_t total_;
    std::size_t at_ = 0;
    State state_ = State::walking;
    std::vector<std::size_t> groups_{0};  // how many values each open group holds; the first is the stack itself
    std::uint64_t pickles_ = 0;           // whole ones
    bool says_protocol_ = false;
    bool imports_ = false;
    bool acts_ = false;  // on something that may have been imported
    bool remembered_ = false;
    bool fresh_ = false;  // a pickle has just ended
};

}  // namespace

PickleVerdict walk_pickle(std::string_view head, std::uint64_t total) { return Walk(head, total).run(); }

}  // namespace baton::artifacts
