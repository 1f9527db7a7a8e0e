#include "cli/csv.h"

#include "base/csv.h"

namespace baton::cli {

Result<CsvTable> parse_csv(std::string_view text) {
    CsvReader reader(text);
    CsvTable table;
    BATON_ASSIGN(table.header, reader.next());
    if (table.header.empty()) return invalid_argument("there is no header line");
    while (true) {
        BATON_ASSIGN(std::vector<std::string> cells, reader.next());
        if (cells.empty()) return table;
        if (cells.size() != table.header.size()) {
            return invalid_argument("line " + std::to_string(reader.line()) + " has " + std::to_string(cells.size()) +
                                    " cells, the header has " + std::to_string(table.header.size()));
        }
        table.rows.push_back(std::move(cells));
    }
}

}  // namespace baton::cli
