// Local files: what is registered, and small helpers for reading and durable writing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "cli/io.h"

namespace baton::cli {

struct LocalFile {
    std::string path;  // in the version: relative, '/' between segments
    std::filesystem::path source;
    std::uint64_t size = 0;
    Digest digest;  // filled in by hash_file
};

// Files keep their name, folders give what is below them under paths relative to the folder. Names that begin with a
// dot are skipped and told to `skipped`. Links and special files are refused, as are two files of the same path.
Result<std::vector<LocalFile>> collect_files(const std::vector<std::string>& paths,
                                             const std::function<void(const std::string&)>& skipped);

// The SHA-256 and size of a file, read in pieces; `progress` gets the size of each.
Status hash_file(LocalFile& file, const std::function<void(std::uint64_t)>& progress);

// A whole text file, or all of `io.in` for "-".
Result<std::string> read_input(const std::string& path, Io& io);

// An Error of the operating system: the message says what was tried, on which file and why it failed.
Error system_error(std::string_view what, const std::filesystem::path& path, int error);

// Writes a file that only its owner can read (0600) beside `file`, makes it durable and renames it over `file`.
Status write_private_file(const std::filesystem::path& file, std::string_view content);

// A new file that is written in pieces and made durable at the end.
class FileWriter {
public:
    static Result<FileWriter> create(const std::filesystem::path& file, unsigned mode);
    FileWriter(FileWriter&& other) noexcept;
    FileWriter& operator=(FileWriter&&) = delete;
    ~FileWriter();

    Status write(std::string_view bytes);
    Status finish();  // fsync and close

private:
    FileWriter(std::filesystem::path file, int descriptor) : file_(std::move(file)), descriptor_(descriptor) {}
    std::filesystem::path file_;
    int descriptor_;
};

Status sync_folder(const std::filesystem::path& folder);

}  // namespace baton::cli
