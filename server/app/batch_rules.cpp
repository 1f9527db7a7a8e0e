#include "server/app/batch_rules.h"

#include "base/text.h"
#include "registry/caller.h"

namespace baton::server {

Result<BatchRules> BatchRules::parse(const std::vector<std::string>& rules) {
    BatchRules parsed;
    for (const std::string& text : rules) {
        const std::size_t cut = text.rfind('=');
        const auto rows = cut == std::string::npos ? std::nullopt : parse_whole<std::size_t>(text.substr(cut + 1));
        if (!rows || *rows < 2 || *rows > most_rows || cut == 0) {
            return invalid_argument("--batch \"" + text + "\" says no model and rows.",
                                    "Write MODEL=ROWS, for example credit-risk=64 or 'risk-*=64'; ROWS is 2 to " +
                                        std::to_string(most_rows) + ".");
        }
        parsed.rules_.push_back({text.substr(0, cut), *rows});
    }
    return parsed;
}

std::size_t BatchRules::rows_for(std::string_view model) const {
    for (const Rule& rule : rules_) {
        if (registry::matches_pattern(rule.pattern, model)) return rule.rows;
    }
    return 0;
}

}  // namespace baton::server
