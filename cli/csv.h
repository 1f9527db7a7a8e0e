// Comma-separated values with a header line (RFC 4180).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace baton::cli {

struct CsvTable {
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;  // each as long as the header
};

// Quoted cells may hold commas, line breaks and doubled quotes; lines end in LF or CRLF; empty lines and a byte-order
// mark are skipped. invalid_argument says which line is wrong.
Result<CsvTable> parse_csv(std::string_view text);

}  // namespace baton::cli
