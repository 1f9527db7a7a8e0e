// Page tokens: where the page before ended, and of which list it was.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/storage/database.h"

namespace baton::registry::storage {

struct PageToken {
    std::string fingerprint;    // of list, filter, order and fixed conditions
    std::vector<Value> values;  // of the order's terms in the last row; none is null
};

std::string encode_page_token(const PageToken& token);  // characters that stand in a URL as they are
// nullopt for anything that encode_page_token cannot have made.
std::optional<PageToken> decode_page_token(std::string_view text);

}  // namespace baton::registry::storage
