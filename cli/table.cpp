#include "cli/table.h"

#include <algorithm>
#include <optional>
#include <ostream>

namespace baton::cli {
namespace {

// Words that name a state are coloured wherever they stand alone in a cell.
std::optional<Colour> colour_of_state(const std::string& cell) {
    if (cell == "live" || cell == "ready" || cell == "executed") return Colour::green;
    if (cell == "approved") return Colour::blue;
    if (cell == "rejected" || cell == "failed" || cell == "expired") return Colour::red;
    if (cell == "open" || cell == "loading") return Colour::yellow;
    if (cell == "retired" || cell == "withdrawn") return Colour::dim;
    return std::nullopt;
}

std::string painted(const std::string& cell, const Style& style, bool head) {
    if (head) return style.paint(Colour::bold, cell);
    const auto colour = colour_of_state(cell);
    return colour ? style.paint(*colour, cell) : cell;
}

}  // namespace

Table::Table(std::vector<std::string> titles) : titles_(std::move(titles)), right_(titles_.size()) {
    for (std::size_t i = 0; i < titles_.size(); ++i) {
        if (!titles_[i].ends_with('>')) continue;
        titles_[i].pop_back();
        right_[i] = true;
    }
}

void Table::add(std::vector<std::string> cells) {
    cells.resize(titles_.size());
    std::transform(cells.begin(), cells.end(), cells.begin(), [](const std::string& cell) { return printable(cell); });
    rows_.push_back(std::move(cells));
}

void Table::print(std::ostream& out, const Style& style) const {
    std::vector<std::size_t> widths(titles_.size());
    for (std::size_t i = 0; i < titles_.size(); ++i) {
        widths[i] = display_width(titles_[i]);
        for (const auto& row : rows_) widths[i] = std::max(widths[i], display_width(row[i]));
    }
    const auto print_row = [&](const std::vector<std::string>& cells, bool head) {
        std::string line;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const std::string padding(widths[i] - display_width(cells[i]), ' ');
            const std::string cell = painted(cells[i], style, head);
            line += (i == 0 ? "" : "  ") + (right_[i] ? padding + cell : cell + padding);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out << line << "\n";
    };
    const bool headed = std::any_of(titles_.begin(), titles_.end(), [](const auto& title) { return !title.empty(); });
    if (headed) print_row(titles_, true);
    for (const auto& row : rows_) print_row(row, false);
}

}  // namespace baton::cli
