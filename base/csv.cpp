#include "base/csv.h"

namespace baton {

CsvReader::CsvReader(std::string_view text, std::size_t most_cells) : text_(text), most_cells_(most_cells) {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    if (text_.starts_with(mark)) text_.remove_prefix(mark.size());
}

Result<std::vector<std::string>> CsvReader::next() {
    while (!at_end()) {
        began_ = line_;
        const std::string_view rest = text_.substr(at_);
        const bool is_blank = rest.starts_with('\n') || rest.starts_with("\r\n");  // a quoted empty cell is a record
        BATON_ASSIGN(std::vector<std::string> cells, record());
        if (!is_blank) return cells;
    }
    return std::vector<std::string>();
}

Result<std::vector<std::string>> CsvReader::record() {
    std::vector<std::string> cells;
    while (true) {
        if (cells.size() == most_cells_) {
            return invalid_argument("line " + std::to_string(began_) + " has more than " + std::to_string(most_cells_) +
                                    " cells");
        }
        if (peek() == '"') {
            BATON_ASSIGN(std::string cell, quoted());
            cells.push_back(std::move(cell));
        } else {
            cells.push_back(plain());
        }
        if (peek() != ',') break;
        ++at_;
    }
    if (peek() == '\r') ++at_;
    if (!at_end() && text_[at_] != '\n') {
        return invalid_argument("line " + std::to_string(line_) + ": text follows a closing quote");
    }
    ++at_;
    ++line_;
    return cells;
}

std::string CsvReader::plain() {
    const std::size_t start = at_;
    while (!at_end() && text_[at_] != ',' && text_[at_] != '\n') ++at_;
    std::string_view cell = text_.substr(start, at_ - start);
    if (cell.ends_with('\r')) cell.remove_suffix(1);
    return std::string(cell);
}

Result<std::string> CsvReader::quoted() {
    const std::size_t opened = line_;
    std::string cell;
    for (++at_; !at_end(); ++at_) {
        if (text_[at_] == '"') {
            ++at_;
            if (peek() != '"') return cell;
        }
        if (at_end()) break;
        if (text_[at_] == '\n') ++line_;
        cell += text_[at_];
    }
    return invalid_argument("line " + std::to_string(opened) + ": a quote is opened and never closed");
}

}  // namespace baton
