// A file system in memory that fails on demand and, at a power loss, forgets what was not synced. Not thread-safe.
#pragma once

#include <map>
#include <set>

#include "artifacts/local/file_system.h"

namespace baton::artifacts {

class FakeFileSystem : public FileSystem {
public:
    enum class Fault { io_error, no_space, short_write };

    FakeFileSystem();

    // The operation number `n` from now (the first is 1) fails, or with `forever` all from it on. Every call counts.
    void fail_operation(unsigned n, Fault fault, bool forever = false);
    void stop_failing() { fail_at_ = 0; }
    bool has_failed() const { return has_failed_; }

    // From now on a sync of this file or folder succeeds and does nothing. A path that ends in '/' stands for all below
    // it.
    void ignore_sync_of(std::string path) { ignored_syncs_.push_back(std::move(path)); }
    // All names and bytes that were not synced are gone. Open files must be closed before.
    void power_loss();

    void set_free_space(std::uint64_t bytes) { free_space_ = bytes; }
    void set_now(Timestamp now) { now_ = now; }
    void flip_bit(const std::string& path);
    void put(const std::string& path, std::string content);
    bool exists(const std::string& path) const { return find(path) != nullptr; }
    std::size_t largest_transfer() const { return largest_transfer_; }

    Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) override;
    Result<std::optional<FileInfo>> info(const std::string& path) override;
    Result<std::vector<std::string>> list(const std::string& folder) override;
    Status make_folder(const std::string& path) override;
    Status sync_folder(const std::string& path) override;
    Status rename_new(const std::string& from, const std::string& to) override;
    Status remove(const std::string& path) override;
    Result<std::uint64_t> free_space(const std::string& folder) override;

private:
    friend class FakeFile;
    struct Node {
        bool is_folder = false;
        std::string content, synced_content;
        std::map<std::string, std::shared_ptr<Node>> entries, synced_entries;
        Timestamp modified;
    };

    std::optional<Error> next_operation();  // the fault of this one
    bool is_ignored(const std::string& path) const;
    std::shared_ptr<Node> find(const std::string& path) const;
    std::pair<std::shared_ptr<Node>, std::string> parent_of(const std::string& path) const;
    Result<std::size_t> write(Node& node, std::span<const std::byte> bytes);

    std::shared_ptr<Node> root_;
    std::uint64_t free_space_ = 1ULL << 40;
    Timestamp now_;
    std::size_t largest_transfer_ = 0;
    std::vector<std::string> ignored_syncs_;

    unsigned operations_ = 0;
    unsigned fail_at_ = 0;  // 0: never
    Fault fault_ = Fault::io_error;
    bool forever_ = false;
    bool has_failed_ = false;
};

}  // namespace baton::artifacts
