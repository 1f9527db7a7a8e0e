// Whether loading some bytes could run code, through at most one layer of compression.
#pragma once

#include <cstdint>
#include <string_view>

#include "artifacts/scan/archive.h"

namespace baton::artifacts {

enum class Verdict {
    clean,
    pickle,       // a pickle, or an array of pickled objects
    unscannable,  // what it holds cannot be told
};

// How many inflated bytes one file may cost, all members of an archive together; what is beyond is unscannable.
inline constexpr std::uint64_t inflate_budget = std::uint64_t{2} << 30;

// Content that is in no archive, or stored in one as it is. Takes what it inflates off the budget.
Verdict scan_content(std::string_view content, std::uint64_t& budget);

// A member of an archive; an archive in an archive is unscannable.
Verdict scan_member(const ArchiveMember& member, std::uint64_t& budget);

// Of any kind that is looked into.
Archive read_archive(std::string_view content);

}  // namespace baton::artifacts
