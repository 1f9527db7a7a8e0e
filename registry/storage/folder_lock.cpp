#include "registry/storage/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace baton::registry::storage {

namespace {

std::filesystem::path lock_file(const std::filesystem::path& folder) { return folder / "lock"; }

Error cannot_open(const std::filesystem::path& file, int error) {
    return {.code = Code::unavailable,
            .message = "cannot open " + file.string() + ": " + std::generic_category().message(error)};
}

}  // namespace

Result<FolderLock> FolderLock::acquire(const std::filesystem::path& folder) {
    const std::filesystem::path file = lock_file(folder);
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return cannot_open(file, errno);
    return lock(descriptor, folder);
}

Result<std::optional<FolderLock>> FolderLock::acquire_existing(const std::filesystem::path& folder) {
    const std::filesystem::path file = lock_file(folder);
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 && errno == ENOENT) return std::optional<FolderLock>();
    if (descriptor < 0) return cannot_open(file, errno);
    BATON_ASSIGN(FolderLock held, lock(descriptor, folder));
    return std::optional<FolderLock>(std::move(held));
}

Result<FolderLock> FolderLock::lock(int descriptor, const std::filesystem::path& folder) {
    FolderLock lock(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        return failed_precondition("the data folder " + folder.string() + " is in use by another process",
                                   "stop the other baton that serves this folder, or use another folder");
    }
    return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock::~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace baton::registry::storage
