// Comma-separated values (RFC 4180), record by record.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace baton {

// Quoted cells may hold commas, line breaks and doubled quotes; lines end in LF or CRLF; empty lines and a byte-order
// mark are skipped. The text must outlive the reader.
class CsvReader {
public:
    // A record of more cells is refused: memory is taken for no more than that.
    explicit CsvReader(std::string_view text, std::size_t most_cells = 100'000);

    // The next record; without cells at the end. invalid_argument says which line is wrong.
    Result<std::vector<std::string>> next();
    std::size_t line() const { return began_; }  // where that record began, from 1

private:
    Result<std::vector<std::string>> record();
    bool at_end() const { return at_ >= text_.size(); }
    char peek() const { return at_end() ? '\n' : text_[at_]; }
    std::string plain();
    Result<std::string> quoted();

    std::string_view text_;
    const std::size_t most_cells_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::size_t began_ = 1;
};

}  // namespace baton
