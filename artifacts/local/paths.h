// The layout of the store's folder, and the only place that builds paths in it. They are made of digests alone.
//
//     <folder>/
//       blobs/sha256/
//         00/ … ff/                   made with their first blob
//           <64 hex digits>           a whole, durable blob; the folder's name is its first two digits
//       uploads/
//         <64 hex digits>.partial     what came so far of a blob; can be resumed
//         <64 hex digits>.<n>.tmp     of a second upload of the same blob at the same time; cannot be resumed
//       corrupt/
//         <64 hex digits>[.<n>]       a blob whose bytes had changed, set aside for a human
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"

namespace baton::artifacts {

class LocalPaths {
public:
    static constexpr unsigned shard_count = 256;

    explicit LocalPaths(std::string folder) : folder_(std::move(folder)) {
        while (folder_.size() > 1 && folder_.ends_with('/')) folder_.pop_back();
    }

    const std::string& root() const { return folder_; }
    std::string all_blobs() const { return folder_ + "/blobs"; }
    std::string blobs() const { return all_blobs() + "/sha256"; }
    std::string uploads() const { return folder_ + "/uploads"; }
    std::string corrupt() const { return folder_ + "/corrupt"; }

    static unsigned shard_of(const Digest& digest) { return digest.bytes()[0]; }
    std::string shard(unsigned number) const {
        constexpr std::string_view digits = "0123456789abcdef";
        return blobs() + '/' + digits[number >> 4 & 15] + digits[number & 15];
    }
    std::string blob(const Digest& digest) const { return shard(shard_of(digest)) + '/' + digest.hex(); }

    std::string partial(const Digest& digest) const { return uploads() + '/' + digest.hex() + ".partial"; }
    std::string temporary(const Digest& digest, std::uint64_t number) const {
        return uploads() + '/' + digest.hex() + '.' + std::to_string(number) + ".tmp";
    }
    // Of a name in uploads(); nullopt when it is not a partial upload.
    static std::optional<Digest> digest_of_partial(std::string_view name) {
        constexpr std::string_view suffix = ".partial";
        if (!name.ends_with(suffix)) return std::nullopt;
        return Digest::from_hex(name.substr(0, name.size() - suffix.size()));
    }

    std::string set_aside(const Digest& digest, unsigned number) const {
        return corrupt() + '/' + digest.hex() + (number == 0 ? "" : '.' + std::to_string(number));
    }

private:
    std::string folder_;
};

}  // namespace baton::artifacts
