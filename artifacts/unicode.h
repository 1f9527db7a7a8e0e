// The little of Unicode that safe file names need. Pure functions; text must be well-formed UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace baton::artifacts {

// False when a character is changed by normalisation form C, or may merge with the one before it (combining accents,
// Hangul vowels): two such names can be one file on a system that normalises. Unicode 14.
bool is_composed(std::string_view text);

// One spelling for all names that differ by case only: ASCII, Latin, Greek, Cyrillic and Armenian letters become lower
// case.
std::string fold_case(std::string_view text);

}  // namespace baton::artifacts
