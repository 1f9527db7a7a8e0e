// Tells pickles from other bytes by walking their opcodes, which executes nothing.
#pragma once

#include <cstdint>
#include <string_view>

namespace baton::artifacts {

enum class PickleVerdict {
    none,       // loading these bytes as a pickle fails before it has done anything
    pickle,     // a whole pickle, or one that imports and calls something before it breaks off
    undecided,  // a pickle so far, but the bytes at hand end before the file does
};

// `head` are the first bytes of a file of `total` bytes (at least head.size()). Follows pickles of protocol 0 to 5, one
// after another, as Python's own reader does: what that refuses ends the walk, because nothing after it is ever
// executed. Plain text may by chance be a pickle of a string with something behind it; such harmless ones are not
// counted.
PickleVerdict walk_pickle(std::string_view head, std::uint64_t total);

}  // namespace baton::artifacts
