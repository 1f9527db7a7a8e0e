// The migrations, embedded in the binary in order of their numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace baton::migrations {

struct Migration {
    std::int64_t number;
    std::string_view name;  // "0001_initial"
    std::string_view sql;
};

std::span<const Migration> all();

}  // namespace baton::migrations
