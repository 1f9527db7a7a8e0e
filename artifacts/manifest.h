// The canonical list of a version's files. Its SHA-256 is the version's digest; format: docs/formats.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace baton::artifacts {

struct ManifestFile {
    std::string path;  // relative, '/' between segments
    std::uint64_t size = 0;
    Digest digest;
    bool operator==(const ManifestFile&) const = default;
};

// Immutable; safe to read from any thread.
class Manifest {
public:
    // Sorts by path (byte order) and checks: at least one file, at most 10,000, good paths (check_path), none twice,
    // none that differ by case only, no file that is another one's folder, at most 2^53 - 1 bytes in all (what every
    // JSON reader can count). invalid_argument lists every wrong file, by its place in `files`.
    static Result<Manifest> create(std::vector<ManifestFile> files);

    const std::vector<ManifestFile>& files() const { return files_; }
    std::uint64_t total_size() const;
    const ManifestFile* find(std::string_view path) const;  // nullptr: no such file
    std::string canonical() const;                          // the bytes that `sha256sum` digests
    Digest digest() const;

private:
    explicit Manifest(std::vector<ManifestFile> files) : files_(std::move(files)) {}
    std::vector<ManifestFile> files_;
};

// A path that is safe to write below any folder on any system: relative, valid UTF-8 in composed form (NFC), at most
// 1,024 bytes and 255 a segment; no empty, `.` or `..` segment; no control character and none of \ : < > " | ? *; no
// segment that ends in a dot or a space or is a device name of Windows (`con`, `nul.txt`). invalid_argument says what
// is wrong.
Status check_path(std::string_view path);

}  // namespace baton::artifacts
