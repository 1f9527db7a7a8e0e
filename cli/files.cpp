#include "cli/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

namespace baton::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t chunk = 256 * 1024;

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

// Adds one regular file; anything else that is not a folder is refused.
Status add_file(const fs::path& source, std::string path, std::vector<LocalFile>& files) {
    struct stat info {};
    if (::lstat(source.c_str(), &info) != 0) return system_error("cannot read", source, errno);
    if (S_ISLNK(info.st_mode)) {
        return invalid_argument("'" + source.string() + "' is a symbolic link",
                                "a version holds files, not links: name the file that it points to, or copy it");
    }
    if (!S_ISREG(info.st_mode)) return invalid_argument("'" + source.string() + "' is no regular file");
    files.push_back({std::move(path), source, static_cast<std::uint64_t>(info.st_size), {}});
    return {};
}

Status add_folder(const fs::path& folder, const std::string& prefix,
                  const std::function<void(const std::string&)>& skipped, std::vector<LocalFile>& files) {
    std::error_code error;
    std::vector<fs::path> entries;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        entries.push_back(it->path());
    }
    if (error) return system_error("cannot list", folder, error.value());
    std::sort(entries.begin(), entries.end());
    for (const fs::path& entry : entries) {
        if (is_hidden(entry)) {
            skipped(entry.string());
            continue;
        }
        const std::string path = prefix + entry.filename().string();
        if (fs::is_directory(fs::symlink_status(entry, error))) {
            BATON_TRY(add_folder(entry, path + "/", skipped, files));
        } else {
            BATON_TRY(add_file(entry, path, files));
        }
    }
    return {};
}

}  // namespace

Error system_error(std::string_view what, const fs::path& path, int error) {
    const Code code = error == ENOSPC || error == EDQUOT ? Code::out_of_space
                      : error == ENOENT                  ? Code::not_found
                      : error == EPIPE                   ? Code::unavailable
                                                         : Code::failed_precondition;
    return {.code = code, .message = std::string(what) + " '" + path.string() + "': " + std::strerror(error)};
}

Result<std::vector<LocalFile>> collect_files(const std::vector<std::string>& paths,
                                             const std::function<void(const std::string&)>& skipped) {
    std::vector<LocalFile> files;
    for (const std::string& text : paths) {
        fs::path path = fs::path(text).lexically_normal();
        if (!path.has_filename()) path = path.parent_path();
        std::error_code error;
        if (fs::is_directory(fs::symlink_status(path, error))) {
            BATON_TRY(add_folder(path, "", skipped, files));
        } else {
            BATON_TRY(add_file(path, path.filename().string(), files));
        }
    }
    if (files.empty()) return invalid_argument("there is no file to register", "name at least one file or folder");
    std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    const auto twice =
        std::adjacent_find(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path == b.path; });
    if (twice != files.end()) {
        return invalid_argument("'" + twice->path + "' would come from two files: '" + twice->source.string() +
                                    "' and '" + std::next(twice)->source.string() + "'",
                                "put them into folders of one parent and register that");
    }
    return files;
}

Status hash_file(LocalFile& file, const std::function<void(std::uint64_t)>& progress) {
    std::ifstream in(file.source, std::ios::binary);
    if (!in) return system_error("cannot open", file.source, errno);
    Sha256 hash;
    std::vector<char> buffer(chunk);
    file.size = 0;
    while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), in.gcount() > 0) {
        const auto count = static_cast<std::size_t>(in.gcount());
        hash.update(std::string_view(buffer.data(), count));
        file.size += count;
        progress(count);
    }
    if (in.bad()) return system_error("cannot read", file.source, EIO);
    file.digest = hash.finish();
    return {};
}

Result<std::string> read_input(const std::string& path, Io& io) {
    if (path == "-") return std::string(std::istreambuf_iterator<char>(io.in), {});
    std::error_code error;
    if (fs::is_directory(path, error)) return invalid_argument("'" + path + "' is a folder, not a file");
    std::ifstream in(path, std::ios::binary);
    if (!in) return system_error("cannot open", path, errno);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<FileWriter> FileWriter::create(const fs::path& file, unsigned mode) {
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (descriptor < 0) return system_error("cannot create", file, errno);
    return FileWriter(file, descriptor);
}

FileWriter::FileWriter(FileWriter&& other) noexcept
    : file_(std::move(other.file_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

FileWriter::~FileWriter() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Status FileWriter::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error("cannot write", file_, errno);
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

Status FileWriter::finish() {
    if (::fsync(descriptor_) != 0) return system_error("cannot make durable", file_, errno);
    if (::close(std::exchange(descriptor_, -1)) != 0) return system_error("cannot close", file_, errno);
    return {};
}

Status sync_folder(const fs::path& folder) {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return system_error("cannot open", folder, errno);
    const int result = ::fsync(descriptor);
    const int error = errno;
    ::close(descriptor);
    if (result != 0) return system_error("cannot make durable", folder, error);
    return {};
}

Status write_private_file(const fs::path& file, std::string_view content) {
    const fs::path temporary = file.string() + "." + std::to_string(::getpid());
    std::error_code ignored;
    fs::remove(temporary, ignored);
    {
        BATON_ASSIGN(FileWriter writer, FileWriter::create(temporary, S_IRUSR | S_IWUSR));
        BATON_TRY(writer.write(content));
        BATON_TRY(writer.finish());
    }
    if (::rename(temporary.c_str(), file.c_str()) != 0) return system_error("cannot replace", file, errno);
    return sync_folder(file.parent_path());
}

}  // namespace baton::cli
