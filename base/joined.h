// Lists in text.
#pragma once

#include <string>
#include <string_view>

namespace baton {

// "a, b, c" of whatever holds text, in its order; empty for none.
template <class Parts>
std::string joined(const Parts& parts, std::string_view separator = ", ") {
    std::string text;
    for (const std::string_view part : parts) text.append(text.empty() ? "" : separator).append(part);
    return text;
}

}  // namespace baton
