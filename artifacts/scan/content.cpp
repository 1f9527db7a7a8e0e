#include "artifacts/scan/content.h"

#include <array>
#include <optional>

#include "artifacts/scan/inflate.h"
#include "artifacts/scan/npy.h"
#include "artifacts/scan/pickle.h"

namespace baton::artifacts {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t short_head = 16 * 1024;        // of what is compressed, at first
constexpr std::size_t long_head = 16 * 1024 * 1024;  // of what is a pickle so far

Verdict verdict_of(PickleVerdict walk) {
    switch (walk) {
        case PickleVerdict::none:
            return Verdict::clean;
        case PickleVerdict::pickle:
            return Verdict::pickle;
        case PickleVerdict::undecided:
            break;
    }
    return Verdict::unscannable;
}

// The compressions that joblib undoes by itself and we do not.
bool is_foreign_compression(std::string_view head) {
    constexpr std::array magics = {
        "\xfd"
        "7zXZ\0"sv,
        "\x04\x22\x4d\x18"sv, "\x28\xb5\x2f\xfd"sv};  // xz, lz4, zstd
    for (const std::string_view magic : magics) {
        if (head.starts_with(magic)) return true;
    }
    if (head.starts_with("BZh") && head.size() > 10 && head.substr(4).starts_with("1AY&SY")) return true;
    // A plain LZMA stream has no magic number: the usual property byte, a round size of the dictionary, and of the
    // content a size that is unknown or below a terabyte.
    if (head.size() < 13 || !head.starts_with("\x5d\0\0"sv)) return false;
    const std::string_view size = head.substr(5, 8);
    return size == "\xff\xff\xff\xff\xff\xff\xff\xff"sv || size.substr(5) == "\0\0\0"sv;
}

// How the content is compressed, if it is in a way that we undo. An unlucky start of other data fails to inflate.
std::optional<Deflate> compression_of(std::string_view head) {
    if (head.starts_with("\x1f\x8b\x08")) return Deflate::gzip;
    if (head.size() < 2 || head[0] != '\x78') return std::nullopt;
    if (((0x78 << 8) | static_cast<unsigned char>(head[1])) % 31 != 0) return std::nullopt;
    const Inflated start = inflate_head(head.substr(0, 1024), Deflate::zlib, 1);
    return start.bytes.empty() ? std::nullopt : std::optional(Deflate::zlib);
}

// The verdict when it does not depend on what comes after the head.
std::optional<Verdict> scan_head(const Inflated& head) {
    if (is_npy(head.bytes)) return npy_holds_objects(head.bytes) ? Verdict::pickle : Verdict::clean;
    const bool is_archive = head.bytes.starts_with("PK\x03\x04") || read_tar(head.bytes).is_archive;
    if (is_archive || compression_of(head.bytes) || is_foreign_compression(head.bytes)) return Verdict::unscannable;
    const PickleVerdict walk = walk_pickle(head.bytes, head.has_more ? ~std::uint64_t{0} : head.bytes.size());
    return walk == PickleVerdict::undecided ? std::nullopt : std::optional(verdict_of(walk));
}

Verdict scan_deflated(std::string_view compressed, Deflate wrapper, std::uint64_t& budget) {
    Inflated head;
    for (const std::size_t limit : {short_head, long_head}) {
        if (budget < limit) return Verdict::unscannable;
        head = inflate_head(compressed, wrapper, limit);
        budget -= head.bytes.size();
        if (const auto verdict = scan_head(head)) return *verdict;
    }
    // Most often the head is text that starts like a long string of a pickle; its whole length tells that it is none.
    const std::uint64_t size = inflated_size(compressed, wrapper, budget);
    budget -= size;
    return verdict_of(walk_pickle(head.bytes, budget == 0 ? ~std::uint64_t{0} : size));
}

}  // namespace

Verdict scan_content(std::string_view content, std::uint64_t& budget) {
    if (is_npy(content)) return npy_holds_objects(content) ? Verdict::pickle : Verdict::clean;
    if (const auto wrapper = compression_of(content)) return scan_deflated(content, *wrapper, budget);
    if (is_foreign_compression(content)) return Verdict::unscannable;
    return verdict_of(walk_pickle(content, content.size()));
}

Verdict scan_member(const ArchiveMember& member, std::uint64_t& budget) {
    switch (member.method) {
        case ArchiveMember::Method::deflated:
            return scan_deflated(member.data, Deflate::raw, budget);
        case ArchiveMember::Method::stored:
            return read_archive(member.data).is_archive ? Verdict::unscannable : scan_content(member.data, budget);
        case ArchiveMember::Method::other:
            break;
    }
    return Verdict::unscannable;
}

Archive read_archive(std::string_view content) {
    Archive zip = read_zip(content);
    return zip.is_archive ? std::move(zip) : read_tar(content);
}

}  // namespace baton::artifacts
