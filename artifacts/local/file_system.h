// What the local store needs of a file system. The real one is posix_file_system(); tests have one that fails on demand
// and forgets what was not synced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace baton::artifacts {

// Errors of both classes: not_found, already_exists, out_of_space (disk or quota full), else unavailable with the
// system's words.

// An open file; closed when destroyed. Not thread-safe.
class File {
public:
    virtual ~File() = default;
    // Bytes read, fewer than asked for only near the end, 0 at the end.
    virtual Result<std::size_t> read(std::span<std::byte> into) = 0;
    // Bytes written: at least one, perhaps fewer than given.
    virtual Result<std::size_t> write(std::span<const std::byte> bytes) = 0;
    // After an error nothing is known about what was written before, and a second call would not tell: never retry.
    virtual Status sync() = 0;
    // The descriptor, which is the caller's to close. The file is not used afterwards.
    virtual int release() = 0;
};

struct FileInfo {
    std::uint64_t size = 0;
    Timestamp modified;
};

// Thread-safe. A new, removed or renamed name is durable only once its folder was synced.
class FileSystem {
public:
    enum class Mode {
        read,
        read_from_disk,  // past the page cache, as far as the system allows
        create,          // empty, for writing; an old file of that name is emptied
        append,          // an old file, for writing at its end
    };

    virtual ~FileSystem() = default;
    virtual Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) = 0;
    virtual Result<std::optional<FileInfo>> info(const std::string& path) = 0;  // nullopt: no such file
    virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
    virtual Status make_folder(const std::string& path) = 0;  // mode 0700; already_exists, not_found (the parent)
    virtual Status sync_folder(const std::string& path) = 0;
    virtual Status rename_new(const std::string& from, const std::string& to) = 0;  // never replaces: already_exists
    virtual Status remove(const std::string& path) = 0;
    virtual Result<std::uint64_t> free_space(const std::string& folder) = 0;  // bytes that this user may still write
};

std::unique_ptr<FileSystem> posix_file_system();

}  // namespace baton::artifacts
