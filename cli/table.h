// Aligned tables for people.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "cli/style.h"

namespace baton::cli {

// Cells are made printable and padded by the columns they take on a terminal; no line ends in spaces.
class Table {
public:
    // A title that ends in '>' (not shown) makes a column of numbers, aligned right. All titles empty: no head line.
    explicit Table(std::vector<std::string> titles);

    void add(std::vector<std::string> cells);  // missing cells are empty
    bool empty() const { return rows_.empty(); }
    void print(std::ostream& out, const Style& style) const;

private:
    std::vector<std::string> titles_;
    std::vector<bool> right_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace baton::cli
