#include "artifacts/unicode.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace baton::artifacts {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

// NFC_Quick_Check = No or Maybe, in order.
constexpr Range not_composed[] = {
    {0x300, 0x304},     {0x306, 0x30c},     {0x30f, 0x30f},     {0x311, 0x311},     {0x313, 0x314},
    {0x31b, 0x31b},     {0x323, 0x328},     {0x32d, 0x32e},     {0x330, 0x331},     {0x338, 0x338},
    {0x340, 0x345},     {0x374, 0x374},     {0x37e, 0x37e},     {0x387, 0x387},     {0x653, 0x655},
    {0x93c, 0x93c},     {0x958, 0x95f},     {0x9be, 0x9be},     {0x9d7, 0x9d7},     {0x9dc, 0x9dd},
    {0x9df, 0x9df},     {0xa33, 0xa33},     {0xa36, 0xa36},     {0xa59, 0xa5b},     {0xa5e, 0xa5e},
    {0xb3e, 0xb3e},     {0xb56, 0xb57},     {0xb5c, 0xb5d},     {0xbbe, 0xbbe},     {0xbd7, 0xbd7},
    {0xc56, 0xc56},     {0xcc2, 0xcc2},     {0xcd5, 0xcd6},     {0xd3e, 0xd3e},     {0xd57, 0xd57},
    {0xdca, 0xdca},     {0xdcf, 0xdcf},     {0xddf, 0xddf},     {0xf43, 0xf43},     {0xf4d, 0xf4d},
    {0xf52, 0xf52},     {0xf57, 0xf57},     {0xf5c, 0xf5c},     {0xf69, 0xf69},     {0xf73, 0xf73},
    {0xf75, 0xf76},     {0xf78, 0xf78},     {0xf81, 0xf81},     {0xf93, 0xf93},     {0xf9d, 0xf9d},
    {0xfa2, 0xfa2},     {0xfa7, 0xfa7},     {0xfac, 0xfac},     {0xfb9, 0xfb9},     {0x102e, 0x102e},
    {0x1161, 0x1175},   {0x11a8, 0x11c2},   {0x1b35, 0x1b35},   {0x1f71, 0x1f71},   {0x1f73, 0x1f73},
    {0x1f75, 0x1f75},   {0x1f77, 0x1f77},   {0x1f79, 0x1f79},   {0x1f7b, 0x1f7b},   {0x1f7d, 0x1f7d},
    {0x1fbb, 0x1fbb},   {0x1fbe, 0x1fbe},   {0x1fc9, 0x1fc9},   {0x1fcb, 0x1fcb},   {0x1fd3, 0x1fd3},
    {0x1fdb, 0x1fdb},   {0x1fe3, 0x1fe3},   {0x1feb, 0x1feb},   {0x1fee, 0x1fef},   {0x1ff9, 0x1ff9},
    {0x1ffb, 0x1ffb},   {0x1ffd, 0x1ffd},   {0x2000, 0x2001},   {0x2126, 0x2126},   {0x212a, 0x212b},
    {0x2329, 0x232a},   {0x2adc, 0x2adc},   {0x3099, 0x309a},   {0xf900, 0xfa0d},   {0xfa10, 0xfa10},
    {0xfa12, 0xfa12},   {0xfa15, 0xfa1e},   {0xfa20, 0xfa20},   {0xfa22, 0xfa22},   {0xfa25, 0xfa26},
    {0xfa2a, 0xfa6d},   {0xfa70, 0xfad9},   {0xfb1d, 0xfb1d},   {0xfb1f, 0xfb1f},   {0xfb2a, 0xfb36},
    {0xfb38, 0xfb3c},   {0xfb3e, 0xfb3e},   {0xfb40, 0xfb41},   {0xfb43, 0xfb44},   {0xfb46, 0xfb4e},
    {0x110ba, 0x110ba}, {0x11127, 0x11127}, {0x1133e, 0x1133e}, {0x11357, 0x11357}, {0x114b0, 0x114b0},
    {0x114ba, 0x114ba}, {0x114bd, 0x114bd}, {0x115af, 0x115af}, {0x11930, 0x11930}, {0x1d15e, 0x1d164},
    {0x1d1bb, 0x1d1c0}, {0x2f800, 0x2fa1d},
};

// Upper-case letters `first`, `first + step`, … up to `last` become lower case by adding `shift`.
struct CaseRange {
    char32_t first;
    char32_t last;
    char32_t step;
    std::int32_t shift;
};
constexpr CaseRange upper_case[] = {
    {'A', 'Z', 1, 32},                             // ASCII
    {0xc0, 0xd6, 1, 32},                           // Latin-1
    {0xd8, 0xde, 1, 32},    {0x100, 0x12e, 2, 1},  // Latin Extended-A
    {0x132, 0x136, 2, 1},   {0x139, 0x147, 2, 1},    {0x14a, 0x176, 2, 1},  {0x178, 0x178, 1, -121},
    {0x179, 0x17d, 2, 1},   {0x17f, 0x17f, 1, -268},  // long s
    {0x1cd, 0x1db, 2, 1},                             // Latin Extended-B: letters with caron and other marks
    {0x1de, 0x1ee, 2, 1},   {0x1f8, 0x21e, 2, 1},    {0x222, 0x232, 2, 1},  {0x386, 0x386, 1, 38},  // Greek
    {0x388, 0x38a, 1, 37},  {0x38c, 0x38c, 1, 64},   {0x38e, 0x38f, 1, 63}, {0x391, 0x3a1, 1, 32},
    {0x3a3, 0x3ab, 1, 32},  {0x3c2, 0x3c2, 1, 1},  // final sigma
    {0x400, 0x40f, 1, 80},                         // Cyrillic
    {0x410, 0x42f, 1, 32},  {0x460, 0x480, 2, 1},    {0x48a, 0x4be, 2, 1},  {0x4c0, 0x4c0, 1, 15},
    {0x4c1, 0x4cd, 2, 1},   {0x4d0, 0x52e, 2, 1},    {0x531, 0x556, 1, 48},  // Armenian
    {0x1e00, 0x1e94, 2, 1},                                                  // Latin Extended Additional
    {0x1ea0, 0x1efe, 2, 1}, {0xff21, 0xff3a, 1, 32},                         // full width
};

// Takes the first character off `text`.
char32_t next_character(std::string_view& text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    char32_t character = length == 1 ? lead : lead & (0x7fU >> length);
    for (std::size_t i = 1; i < std::min(length, text.size()); ++i) {
        character = character << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
    }
    text.remove_prefix(std::min(length, text.size()));
    return character;
}

void append_utf8(std::string& text, char32_t character) {
    const auto continuation = [&](int shift) { return static_cast<char>(0x80 | (character >> shift & 0x3f)); };
    if (character < 0x80) {
        text += static_cast<char>(character);
    } else if (character < 0x800) {
        text += {static_cast<char>(0xc0 | character >> 6), continuation(0)};
    } else if (character < 0x10000) {
        text += {static_cast<char>(0xe0 | character >> 12), continuation(6), continuation(0)};
    } else {
        text += {static_cast<char>(0xf0 | character >> 18), continuation(12), continuation(6), continuation(0)};
    }
}

char32_t fold(char32_t character) {
    for (const CaseRange& range : upper_case) {
        if (character < range.first || character > range.last) continue;
        if ((character - range.first) % range.step != 0) continue;
        return static_cast<char32_t>(static_cast<std::int32_t>(character) + range.shift);
    }
    return character;
}

}  // namespace

bool is_composed(std::string_view text) {
    while (!text.empty()) {
        const char32_t character = next_character(text);
        const auto* range = std::lower_bound(std::begin(not_composed), std::end(not_composed), character,
                                             [](const Range& r, char32_t c) { return r.last < c; });
        if (range != std::end(not_composed) && character >= range->first) return false;
    }
    return true;
}

std::string fold_case(std::string_view text) {
    std::string folded;
    folded.reserve(text.size());
    while (!text.empty()) append_utf8(folded, fold(next_character(text)));
    return folded;
}

}  // namespace baton::artifacts
