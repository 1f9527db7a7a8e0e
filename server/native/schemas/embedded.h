// JSON Schemas of what the native API answers, by name, embedded in the binary. Each file is one object of them.
#pragma once

#include <span>
#include <string_view>

namespace baton::server::native::schemas {

struct File {
    std::string_view name;
    std::string_view text;
};

std::span<const File> all();

}  // namespace baton::server::native::schemas
