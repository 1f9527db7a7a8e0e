#include <algorithm>
#include <optional>

#include "artifacts/scan/archive.h"

namespace baton::artifacts {
namespace {

constexpr std::size_t block = 512;

// An octal number with blanks or NULs around it, or a big-endian one after a first byte of 0x80.
std::optional<std::uint64_t> number(std::string_view field) {
    std::uint64_t value = 0;
    if (field.front() == '\x80') {
        for (const char c : field.substr(1)) {
            if (value >> 56 != 0) return std::nullopt;
            value = value << 8 | static_cast<unsigned char>(c);
        }
        return value;
    }
    bool has_digits = false;
    for (const char c : field) {
        if (c >= '0' && c <= '7') {
            value = value << 3 | static_cast<std::uint64_t>(c - '0');
            has_digits = true;
        } else if (c != ' ' && c != '\0') {
            return std::nullopt;
        }
    }
    return has_digits ? std::optional(value) : std::nullopt;
}

bool is_header(std::string_view header) {
    if (header.size() < block || header.front() == '\0') return false;
    std::uint64_t sum = 8 * std::uint64_t{' '};  // in place of the checksum itself
    for (std::size_t i = 0; i < block; ++i) {
        if (i < 148 || i >= 156) sum += static_cast<unsigned char>(header[i]);
    }
    return number(header.substr(148, 8)) == sum;
}

}  // namespace

Archive read_tar(std::string_view content) {
    Archive archive;
    archive.is_archive = is_header(content);
    while (is_header(content) && archive.fault.empty()) {
        const auto size = number(content.substr(124, 12));
        const std::string_view name = content.substr(0, std::min<std::size_t>(100, content.find('\0')));
        content.remove_prefix(block);
        if (!size || *size > content.size()) {
            archive.fault = "a member reaches beyond the end";
        } else if (archive.members.size() == max_archive_members) {
            archive.fault = "it has more than 10000 members";
        } else {
            archive.members.push_back({name, content.substr(0, *size), *size, ArchiveMember::Method::stored});
            content.remove_prefix(std::min<std::size_t>((*size + block - 1) / block * block, content.size()));
        }
    }
    const bool has_rest = content.find_first_not_of('\0') != std::string_view::npos;
    if (archive.is_archive && archive.fault.empty() && has_rest) archive.fault = "bytes that are no member stand in it";
    return archive;
}

}  // namespace baton::artifacts
