// What the readers of archives find: members as views into the archive's bytes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace baton::artifacts {

struct ArchiveMember {
    enum class Method { stored, deflated, other };  // other: not to be looked into
    std::string_view name;
    std::string_view data;   // as stored, perhaps compressed
    std::uint64_t size = 0;  // uncompressed, as declared
    Method method = Method::stored;
};

struct Archive {
    bool is_archive = false;
    std::vector<ArchiveMember> members;  // those that can be found
    std::string_view fault = {};         // why the archive is not to be trusted; empty: nothing
};

inline constexpr std::size_t max_archive_members = 10'000;  // more are a fault

// By the central directory, compared with what stands before each member. Members that share bytes are a fault.
// Anything that starts or ends like a zip is one.
Archive read_zip(std::string_view content);

// Anything that starts with a header whose checksum is right is a tar.
Archive read_tar(std::string_view content);

}  // namespace baton::artifacts
