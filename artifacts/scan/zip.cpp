#include <algorithm>
#include <array>
#include <optional>

#include "artifacts/scan/archive.h"

namespace baton::artifacts {
namespace {

constexpr std::string_view local_signature = "PK\x03\x04";
constexpr std::string_view central_signature = "PK\x01\x02";
constexpr std::string_view end_signature = "PK\x05\x06";
constexpr std::string_view end64_signature = "PK\x06\x06";
constexpr std::string_view locator64_signature = "PK\x06\x07";
constexpr std::size_t local_size = 30, central_size = 46, end_size = 22, end64_size = 56, locator64_size = 20;
constexpr std::size_t max_comment = 65535;

std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t width) {
    std::uint64_t value = 0;
    for (std::size_t i = width; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

// Empty when any of it lies outside.
std::string_view part(std::string_view content, std::uint64_t at, std::uint64_t size) {
    if (at > content.size() || size > content.size() - at) return {};
    return content.substr(at, size);
}

struct Directory {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t count = 0;
    std::uint64_t end = 0;  // where the records after it begin
};

std::optional<Directory> find_directory(std::string_view content) {
    if (content.size() < end_size) return std::nullopt;
    const std::size_t tail_start = content.size() - std::min(content.size(), end_size + max_comment);
    const std::size_t last = content.size() - end_size - tail_start;
    const std::size_t in_tail = content.substr(tail_start).rfind(end_signature, last);
    if (in_tail == std::string_view::npos) return std::nullopt;
    const std::size_t at = tail_start + in_tail;
    const std::string_view record = content.substr(at, end_size);
    Directory directory{number(record, 16, 4), number(record, 12, 4), number(record, 10, 2), at};
    if (at < locator64_size) return directory;
    const std::string_view locator = content.substr(at - locator64_size, locator64_size);
    if (!locator.starts_with(locator64_signature)) return directory;
    const std::uint64_t at64 = number(locator, 8, 8);
    const std::string_view record64 = part(content, at64, end64_size);
    if (!record64.starts_with(end64_signature)) return std::nullopt;
    return Directory{number(record64, 48, 8), number(record64, 40, 8), number(record64, 32, 8), at64};
}

class Reader {
public:
    explicit Reader(std::string_view content) : content_(content) {}

    Archive read() {
        const auto directory = find_directory(content_);
        // Where the directory is, counted from its end: readers that allow bytes before the archive do so too.
        const bool fits = directory && directory->size <= directory->end;
        const std::string_view records =
            fits ? content_.substr(directory->end - directory->size, directory->size) : std::string_view();
        const bool has_records = records.starts_with(central_signature) || (fits && directory->count == 0);
        result_.is_archive = content_.starts_with(local_signature) || content_.starts_with(end_signature) ||
                             records.starts_with(central_signature);
        if (!result_.is_archive) return std::move(result_);
        if (!has_records) {
            fault("its directory is missing or broken");
            return std::move(result_);
        }
        if (directory->offset != directory->end - directory->size) fault("bytes stand before the archive");
        shift_ = directory->end - directory->size - directory->offset;
        read_records(records);
        distrust_shared_bytes();
        if (result_.members.empty() && content_.starts_with(local_signature)) fault("its directory lists nothing");
        if (result_.members.size() != directory->count && result_.fault.empty()) fault("its count of members is wrong");
        return std::move(result_);
    }

private:
    void fault(std::string_view why) {
        if (result_.fault.empty()) result_.fault = why;
    }

    void read_records(std::string_view records) {
        while (!records.empty()) {
            if (records.size() < central_size || !records.starts_with(central_signature)) {
                return fault("its directory is broken");
            }
            const std::size_t name_size = number(records, 28, 2), extra_size = number(records, 30, 2),
                              comment_size = number(records, 32, 2);
            if (records.size() - central_size < name_size + extra_size + comment_size)
                return fault("its directory is broken");
            if (result_.members.size() == max_archive_members) return fault("it has more than 10000 members");
            read_member(records.substr(0, central_size), records.substr(central_size, name_size),
                        records.substr(central_size + name_size, extra_size));
            records.remove_prefix(central_size + name_size + extra_size + comment_size);
        }
    }

    void read_member(std::string_view record, std::string_view name, std::string_view extra) {
        std::uint64_t packed = number(record, 20, 4), size = number(record, 24, 4), at = number(record, 42, 4);
        read_large_sizes(extra, {&size, &packed, &at});
        if ((number(record, 8, 2) & 1) != 0) fault("a member is encrypted");
        const std::uint64_t method = number(record, 10, 2);
        ArchiveMember member{name, {}, size, method_of(method)};
        const std::string_view local = part(content_, at + shift_, local_size);
        if (!local.starts_with(local_signature)) {
            fault("a member is not where the directory says");
        } else {
            const std::uint64_t local_name = number(local, 26, 2), local_extra = number(local, 28, 2);
            if (part(content_, at + shift_ + local_size, local_name) != name || number(local, 8, 2) != method) {
                fault("a member says otherwise than the directory");
            }
            const std::uint64_t start = at + shift_ + local_size + local_name + local_extra;
            member.data = part(content_, start, packed);
            if (member.data.size() != packed) fault("a member reaches beyond the end");
            extents_.push_back({at + shift_, start + member.data.size(), result_.members.size()});
        }
        result_.members.push_back(member);
    }

    // So that looking into all members costs no more than looking at all bytes: of members that share some, only the
    // first is looked into.
    void distrust_shared_bytes() {
        std::sort(extents_.begin(), extents_.end(), [](const Extent& a, const Extent& b) { return a.begin < b.begin; });
        std::uint64_t taken = 0;
        for (const Extent& extent : extents_) {
            if (extent.begin < taken) {
                fault("two members share bytes");
                result_.members[extent.member].method = ArchiveMember::Method::other;
            }
            taken = std::max(taken, extent.end);
        }
    }

    static ArchiveMember::Method method_of(std::uint64_t method) {
        if (method == 0) return ArchiveMember::Method::stored;
        return method == 8 ? ArchiveMember::Method::deflated : ArchiveMember::Method::other;
    }

    // Numbers of all ones stand in the zip64 field instead, in this order.
    static void read_large_sizes(std::string_view extra, std::array<std::uint64_t*, 3> numbers) {
        while (extra.size() >= 4) {
            const std::uint64_t id = number(extra, 0, 2);
            std::string_view field = extra.substr(4, number(extra, 2, 2));
            extra.remove_prefix(4 + field.size());
            if (id != 1) continue;
            for (std::uint64_t* value : numbers) {
                if (*value != 0xffffffff || field.size() < 8) continue;
                *value = number(field, 0, 8);
                field.remove_prefix(8);
            }
        }
    }

    // Where a member lies with what stands before it.
    struct Extent {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
        std::size_t member = 0;
    };

    const std::string_view content_;
    std::uint64_t shift_ = 0;  // bytes before the archive
    std::vector<Extent> extents_;
    Archive result_;
};

}  // namespace

Archive read_zip(std::string_view content) { return Reader(content).read(); }

}  // namespace baton::artifacts
