// Which models' requests are run together, as the operator says.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace baton::server {

class BatchRules {
public:
    static constexpr std::size_t most_rows = 65'536;

    // Of "MODEL=ROWS": a name that may have '*' in it, and the most rows of one run, 2 to most_rows. invalid_argument,
    // naming the rule, for anything else.
    static Result<BatchRules> parse(const std::vector<std::string>& rules);

    // Of the first rule that the name fits; 0: none, every request runs by itself.
    std::size_t rows_for(std::string_view model) const;

private:
    struct Rule {
        std::string pattern;
        std::size_t rows = 0;
    };
    std::vector<Rule> rules_;
};

}  // namespace baton::server
