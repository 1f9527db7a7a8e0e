// The lock that keeps a second process out of a data folder.
#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"

namespace baton::registry::storage {

// Holds an exclusive flock on `<folder>/lock` for its life. The kernel drops the lock when the process dies, so a
// leftover file means nothing.
class FolderLock {
public:
    // failed_precondition when another holder exists; unavailable when the file cannot be opened.
    static Result<FolderLock> acquire(const std::filesystem::path& folder);
    // The same without making the file; nullopt when there is none.
    static Result<std::optional<FolderLock>> acquire_existing(const std::filesystem::path& folder);
    FolderLock(FolderLock&& other) noexcept;
    FolderLock& operator=(FolderLock&&) = delete;
    ~FolderLock();

private:
    static Result<FolderLock> lock(int descriptor, const std::filesystem::path& folder);  // takes the descriptor over
    explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

}  // namespace baton::registry::storage
