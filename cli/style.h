// How text for people looks: colours, sizes, times; and text from elsewhere made safe to print on a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/io.h"

namespace baton::cli {

enum class Colour { bold, dim, red, green, yellow, blue };

class Style {
public:
    explicit Style(bool coloured) : coloured_(coloured) {}
    std::string paint(Colour colour, std::string_view text) const;  // unchanged when colours are off

private:
    bool coloured_;
};

// Colours only on a terminal that has them, and not when NO_COLOR is set to anything.
Style style_for(const Io& io, bool is_terminal);

// Control characters become spaces, so that nothing a server sends can steer the terminal or break a line.
std::string printable(std::string_view text);
// Columns that UTF-8 text takes on a terminal: wide East Asian characters and emoji take two, combining marks none.
std::size_t display_width(std::string_view text);

std::string human_size(std::uint64_t bytes);         // 1.4 MiB
std::string file_count(std::size_t count);           // 1 file, 2 files
std::string human_time(std::string_view timestamp);  // 2026-01-02 03:04:05Z
std::string short_digest(std::string_view digest);   // sha256:0123456789ab

}  // namespace baton::cli
