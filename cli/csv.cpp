#include "cli/csv.h"

namespace baton::cli {
namespace {

// Walks over the text record by record.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {
        constexpr std::string_view mark = "\xef\xbb\xbf";
        if (text_.starts_with(mark)) text_.remove_prefix(mark.size());
    }

    bool at_end() const { return at_ >= text_.size(); }
    std::size_t line() const { return line_; }

    Result<std::vector<std::string>> record() {
        std::vector<std::string> cells;
        while (true) {
            BATON_ASSIGN(std::string cell, peek() == '"' ? quoted() : plain());
            cells.push_back(std::move(cell));
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

private:
    char peek() const { return at_end() ? '\n' : text_[at_]; }

    Result<std::string> plain() {
        const std::size_t start = at_;
        while (!at_end() && text_[at_] != ',' && text_[at_] != '\n') ++at_;
        std::string_view cell = text_.substr(start, at_ - start);
        if (cell.ends_with('\r')) cell.remove_suffix(1);
        return std::string(cell);
    }

    Result<std::string> quoted() {
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

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
};

bool is_blank(const std::vector<std::string>& cells) { return cells.size() == 1 && cells.front().empty(); }

}  // namespace

Result<CsvTable> parse_csv(std::string_view text) {
    Reader reader(text);
    CsvTable table;
    while (!reader.at_end()) {
        const std::size_t line = reader.line();
        BATON_ASSIGN(std::vector<std::string> cells, reader.record());
        if (is_blank(cells)) continue;
        if (table.header.empty()) {
            table.header = std::move(cells);
            continue;
        }
        if (cells.size() != table.header.size()) {
            return invalid_argument("line " + std::to_string(line) + " has " + std::to_string(cells.size()) +
                                    " cells, the header has " + std::to_string(table.header.size()));
        }
        table.rows.push_back(std::move(cells));
    }
    if (table.header.empty()) return invalid_argument("there is no header line");
    return table;
}

}  // namespace baton::cli
