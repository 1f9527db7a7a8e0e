#include <algorithm>
#include <array>

#include "artifacts/manifest.h"
#include "artifacts/unicode.h"
#include "base/encoding.h"

namespace baton::artifacts {
namespace {

constexpr std::size_t max_path = 1024;
constexpr std::size_t max_segment = 255;  // what common file systems allow

// Windows opens a device for these names, with any extension.
bool is_device_name(std::string_view segment) {
    const std::string stem = fold_case(segment.substr(0, segment.find('.')));
    constexpr std::array<std::string_view, 4> plain = {"con", "prn", "aux", "nul"};
    if (std::find(plain.begin(), plain.end(), stem) != plain.end()) return true;
    return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) && stem[3] >= '1' && stem[3] <= '9';
}

// What is wrong with one segment; empty when nothing is.
std::string_view segment_fault(std::string_view segment) {
    if (segment.empty()) return "has an empty segment";
    if (segment == "." || segment == "..") return "has a segment '.' or '..'";
    if (segment.size() > max_segment) return "has a segment of more than 255 bytes";
    if (segment.ends_with('.') || segment.ends_with(' ')) return "has a segment that ends in a dot or a space";
    if (is_device_name(segment)) return "has a segment that is a device name on Windows";
    return {};
}

std::string_view path_fault(std::string_view path) {
    if (path.empty()) return "is empty";
    if (path.size() > max_path) return "is longer than 1024 bytes";
    if (!is_valid_utf8(path)) return "is not valid UTF-8";
    if (path.front() == '/') return "is absolute";
    if (!is_composed(path)) return "has a character that is not in composed form (NFC)";
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) return "has a control character";
        if (std::string_view(R"(\:<>"|?*)").find(c) != std::string_view::npos) {
            return R"(has one of the characters \ : < > " | ? *)";
        }
    }
    for (std::size_t start = 0; start <= path.size();) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        const std::string_view fault = segment_fault(path.substr(start, end - start));
        if (!fault.empty()) return fault;
        start = end + 1;
    }
    return {};
}

}  // namespace

Status check_path(std::string_view path) {
    const std::string_view fault = path_fault(path);
    if (fault.empty()) return {};
    // The path itself is left out: it may not be printable.
    return invalid_argument("the path " + std::string(fault),
                            "use a relative path such as weights/model.onnx, safe on every system");
}

}  // namespace baton::artifacts
