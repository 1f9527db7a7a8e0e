#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "artifacts/local/file_system.h"

namespace baton::artifacts {
namespace {

Error system_error(const char* action, const std::string& path) {
    const int number = errno;
    Error error{
        .code = Code::unavailable,
        .message = std::string("cannot ") + action + ' ' + path + ": " + std::generic_category().message(number)};
    if (number == ENOENT) error.code = Code::not_found;
    if (number == EEXIST) error.code = Code::already_exists;
    if (number == ENOSPC || number == EDQUOT) {
        error.code = Code::out_of_space;
        error.hint = "free space on the disk of the data folder; what was sent so far can be resumed";
    }
    return error;
}

// Repeats a call that a signal interrupted.
template <class Call>
auto uninterrupted(Call call) {
    auto result = call();
    while (result < 0 && errno == EINTR) result = call();
    return result;
}

class PosixFile : public File {
public:
    PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
    PosixFile(const PosixFile&) = delete;
    PosixFile& operator=(const PosixFile&) = delete;
    ~PosixFile() override {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    Result<std::size_t> read(std::span<std::byte> into) override {
        const ssize_t count = uninterrupted([&] { return ::read(descriptor_, into.data(), into.size()); });
        if (count < 0) return system_error("read", path_);
        return static_cast<std::size_t>(count);
    }

    Result<std::size_t> write(std::span<const std::byte> bytes) override {
        const ssize_t count = uninterrupted([&] { return ::write(descriptor_, bytes.data(), bytes.size()); });
        if (count < 0) return system_error("write", path_);
        return static_cast<std::size_t>(count);
    }

    Status sync() override {
        if (::fsync(descriptor_) != 0) return system_error("sync", path_);
        return {};
    }

    int release() override { return std::exchange(descriptor_, -1); }

private:
    int descriptor_;
    const std::string path_;
};

int open_flags(FileSystem::Mode mode) {
    switch (mode) {
        case FileSystem::Mode::create:
            return O_WRONLY | O_CREAT | O_TRUNC;
        case FileSystem::Mode::append:
            return O_WRONLY | O_APPEND;
        case FileSystem::Mode::read:
        case FileSystem::Mode::read_from_disk:
            break;
    }
    return O_RDONLY;
}

// File systems that cannot rename without replacing get a second name and lose the first.
int rename_by_link(const std::string& from, const std::string& to) {
    if (::link(from.c_str(), to.c_str()) != 0) return -1;
    return ::unlink(from.c_str());
}

class PosixFileSystem : public FileSystem {
public:
    Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) override {
        const int flags = open_flags(mode) | O_CLOEXEC | O_NOFOLLOW;
        const int descriptor = uninterrupted([&] { return ::open(path.c_str(), flags, 0600); });
        if (descriptor < 0) return system_error("open", path);
        // Drops clean pages only, so nothing is lost; where it has no effect the read is merely less telling.
        if (mode == Mode::read_from_disk) ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
        return std::unique_ptr<File>(std::make_unique<PosixFile>(descriptor, path));
    }

    Result<std::optional<FileInfo>> info(const std::string& path) override {
        struct stat status {};
        if (::lstat(path.c_str(), &status) != 0) {
            if (errno == ENOENT) return std::optional<FileInfo>();
            return system_error("look at", path);
        }
        const auto modified =
            std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::microseconds(status.st_mtim.tv_nsec / 1000);
        return std::optional(FileInfo{static_cast<std::uint64_t>(status.st_size), Timestamp(modified)});
    }

    Result<std::vector<std::string>> list(const std::string& folder) override {
        DIR* stream = ::opendir(folder.c_str());
        if (stream == nullptr) return system_error("list", folder);
        const std::unique_ptr<DIR, int (*)(DIR*)> closer(stream, ::closedir);
        std::vector<std::string> names;
        for (;;) {
            errno = 0;  // the end of the folder and an error look alike but for it, and the code below may set it
            const dirent* entry = ::readdir(stream);
            if (entry == nullptr && errno != 0) return system_error("list", folder);
            if (entry == nullptr) return names;
            const std::string name = entry->d_name;
            if (name != "." && name != "..") names.push_back(name);
        }
    }

    Status make_folder(const std::string& path) override {
        if (::mkdir(path.c_str(), 0700) != 0) return system_error("make", path);
        return {};
    }

    Status sync_folder(const std::string& path) override {
        const int descriptor = uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
        if (descriptor < 0) return system_error("open", path);
        return PosixFile(descriptor, path).sync();
    }

    Status rename_new(const std::string& from, const std::string& to) override {
        int result = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
        if (result != 0 && (errno == EINVAL || errno == ENOSYS)) result = rename_by_link(from, to);
        if (result != 0) return system_error("rename", from);
        return {};
    }

    Status remove(const std::string& path) override {
        if (::unlink(path.c_str()) != 0) return system_error("remove", path);
        return {};
    }

    Result<std::uint64_t> free_space(const std::string& folder) override {
        struct statvfs status {};
        if (::statvfs(folder.c_str(), &status) != 0) return system_error("measure", folder);
        return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
    }
};

}  // namespace

std::unique_ptr<FileSystem> posix_file_system() { return std::make_unique<PosixFileSystem>(); }

}  // namespace baton::artifacts
